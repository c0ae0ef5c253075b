/* Whether an engine sees the GSL and CBLAS that are linked into the program that loads it.
 * Usage: PROGRAM sees_blas.so hidden|visible; exit status 0 if it is as expected. */
#include "registry.h"

#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
    struct layer layer = {.kind = LAYER_DENSE, .input = {2, 1, 1}, .output = {2, 1, 1}};
    struct network network = {1, &layer, HEAD_SOFTMAX_CROSS_ENTROPY, NULL};
    struct engine_options options = {
        .max_batch = 1, .threads = 1, .precision = PRECISION_SINGLE, .variant = ""};
    struct loaded_engine loaded;
    struct message message = {"nothing of the program is visible"};
    void *session;
    int visible;

    if (argc != 3 || registry_load(&loaded, argv[1], &message) != 0) {
        fprintf(stderr, "%s\n", argc != 3 ? "usage: sees_blas.so hidden|visible" : message.text);
        return 1;
    }
    visible = loaded.engine.open(&session, &network, &options, &message) != 0;
    if (!visible)
        loaded.engine.close(session);
    printf("%s; expected %s\n", message.text, argv[2]);
    return strcmp(argv[2], visible ? "visible" : "hidden") != 0;
}
