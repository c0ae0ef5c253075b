/* The passes of the update rules over floats. */
#define REAL float
#define SQRT sqrtf
#define PASS(name) name##_single
#include "train/rule_passes.h"
