/* Verdicts by name. */
#include "export/judged.h"

#include <math.h>
#include <string.h>

static const char *const names[JUDGED_KINDS] = {
    [JUDGED_WRONG] = "WRONG",       [JUDGED_REGRESSION] = "REGRESSION",
    [JUDGED_CHANGED] = "CHANGED",   [JUDGED_INCONCLUSIVE] = "INCONCLUSIVE",
    [JUDGED_IMPROVED] = "IMPROVED", [JUDGED_SAME] = "SAME",
};

enum judged judged_of(const char *verdict)
{
    enum judged judged = 0;

    while (judged < JUDGED_KINDS && !(verdict && strcmp(verdict, names[judged]) == 0))
        judged++;
    return judged;
}

const char *judged_name(enum judged judged)
{
    return names[judged];
}

bool judged_fails(enum judged judged, bool strict)
{
    return judged == JUDGED_WRONG || judged == JUDGED_REGRESSION ||
           (strict && judged == JUDGED_INCONCLUSIVE);
}

void ratio_text(const struct exported_ratio *ratio, char *text, size_t size)
{
    bool interval = isfinite(ratio->low) && isfinite(ratio->high);

    if (!isfinite(ratio->ratio))
        snprintf(text, size, "no ratio");
    else if (!interval)
        snprintf(text, size, "%.4g, no interval", ratio->ratio);
    else if (ratio->confidence > 0 && ratio->confidence < 1)
        snprintf(text, size, "%.4g [%.4g, %.4g] (%.4g %%)", ratio->ratio, ratio->low, ratio->high,
                 100 * ratio->confidence);
    else
        snprintf(text, size, "%.4g [%.4g, %.4g]", ratio->ratio, ratio->low, ratio->high);
}
