/* The table of an engine with one fault, which fills every slot. Compiled once per fault:
 * -DFAULT=BIAS_OFF. */
#include "faulty.h"

#include <stddef.h>

const enum fault fault = FAULT;

#define OPTIONAL(function) (FAULT == WITHOUT_OPTIONAL ? NULL : (function))

__attribute__((visibility("default"))) const struct engine batchlab_engine = {
    .abi = FAULT == WRONG_ABI ? ENGINE_ABI + 1 : ENGINE_ABI,
    .size = sizeof(struct engine),
    .name = FAULT == SHOUTING_NAME ? "Faulty Engine" : "faulty",
    .summary = "for tests: correct but for one planted fault",
    .supports = faulty_supports,
    .open = faulty_open,
    .loss = FAULT == MISSING_SLOT ? NULL : faulty_loss,
    .gradient = faulty_gradient,
    .close = faulty_close,
    .sgd_step = OPTIONAL(faulty_sgd_step),
    .gradient_norms = OPTIONAL(faulty_gradient_norms),
    .loss64 = OPTIONAL(faulty_loss64),
    .gradient64 = OPTIONAL(faulty_gradient64),
    .on_ready = OPTIONAL(faulty_on_ready),
    .describe = OPTIONAL(faulty_describe),
};
