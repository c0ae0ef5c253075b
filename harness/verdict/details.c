/* What a verdict rests on, number by number. */
#include "verdict/details.h"

#include "base/error.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

int details_add(struct details *details, const char *quantity, const char *of, struct effect effect,
                size_t n)
{
    struct detail *list = realloc(details->list, (details->count + 1) * sizeof *list);

    if (!list)
        return error_set("out of memory for what a verdict rests on");
    details->list = list;
    list += details->count++;
    *list = (struct detail){.effect = effect, .n = n};
    snprintf(list->quantity, sizeof list->quantity, "%s", quantity);
    snprintf(list->of, sizeof list->of, "%s", of);
    return 0;
}

void details_free(struct details *details)
{
    free(details->list);
    *details = (struct details){NULL, 0};
}

struct effect detail_value(double value)
{
    return (struct effect){value, NAN, NAN};
}
