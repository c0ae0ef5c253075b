/* The tables of keys, one per section of an experiment file. */
#ifndef BATCHLAB_EXPERIMENT_KEYS_H
#define BATCHLAB_EXPERIMENT_KEYS_H

#include "plan/experiment.h"

struct section {
    const char *name; /* NULL ends the table */
    const struct field *fields;
    size_t offset; /* of the section's struct in struct experiment */
    const char *help;
};

extern const struct section sections[];
extern const struct field top_fields[];
extern const struct field budget_fields[];
extern const struct field network_fields[];
extern const struct field schedule_fields[];
extern const struct field weighting_fields[];
extern const struct field augmentation_fields[];

#endif
