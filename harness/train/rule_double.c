/* The passes of the update rules over doubles. */
#define REAL double
#define SQRT sqrt
#define PASS(name) name##_double
#include "train/rule_passes.h"
