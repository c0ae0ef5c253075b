/* Files that nobody waits for, for LD_PRELOAD: what is written is as visible as ever, and lost if
 * the machine loses its power. To measure what durability costs. */
#include <unistd.h>

int fsync(int descriptor)
{
    (void)descriptor;
    return 0;
}
