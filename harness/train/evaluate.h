/* Losses and errors of a run's parameters, off the training clock. */
#ifndef BATCHLAB_EVALUATE_H
#define BATCHLAB_EVALUATE_H

#include "train/step.h"

/* Mean loss, and share of errors where there are classes, of the first `count` of the examples with
 * what the rule evaluates in place of theta; NOT_APPLICABLE of none. -1: the engine failed. */
int evaluate(struct stepper *, const struct examples *, size_t count, struct evaluated *);

/* The test split, its shifted copies and its classes, as far as the experiment asks for them: test,
 * shifted_errors, class_errors, balanced_error and skewed_error of the result. -1: the engine
 * failed, or out of memory (error set). */
int evaluate_test(struct stepper *, struct training_result *);

#endif
