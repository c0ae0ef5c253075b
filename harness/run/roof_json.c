/* A roof as JSON. */
#include "run/roof_json.h"

#include "base/json.h"

#include <stdio.h>

static json_t *describe_level(const struct roof *roof, enum level level)
{
    const double capacities[LEVEL_COUNT] = {roof->l1_bytes, roof->l2_bytes, roof->l3_bytes};
    json_t *object = json_object();
    char key[40];

    if (level != LEVEL_MEMORY)
        json_object_set_new(object, "capacity_bytes", json_number_or_null(capacities[level]));
    json_object_set_new(object, "measured_bytes", json_number_or_null(roof->measured_bytes[level]));
    for (int t = 0; t < TRAFFIC_COUNT; t++) {
        snprintf(key, sizeof key, "%s_gb_per_second", traffic_names[t]);
        json_object_set_new(object, key, json_number_or_null(roof->bandwidth[level][t]));
    }
    return object;
}

json_t *roof_describe(const struct roof *roof)
{
    json_t *object = json_object();

    json_object_set_new(object, "threads", json_integer(roof->threads));
    json_object_set_new(object, "fma_gflops", json_number_or_null(roof->fma_gflops));
    for (int l = 0; l < LEVEL_COUNT; l++)
        json_object_set_new(object, level_names[l], describe_level(roof, (enum level)l));
    json_object_set_new(object, "seconds", json_number_or_null(roof->seconds));
    return object;
}
