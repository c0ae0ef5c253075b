/* Weights of training examples: by class, by how common the class is, by the size of the features,
 * by what the user says. */
#ifndef BATCHLAB_WEIGHTING_H
#define BATCHLAB_WEIGHTING_H

#include "data/dataset.h"

enum { WEIGHTING_CLASSES_MAX = 128 };

/* The weight of an example x of class c, of which the training set has n_c out of N:
 *
 *     classes[c] * (n_c / N)^power * (|x|^2 + 1)^(norm_power / 2) * w^given_power
 *
 * |x|^2 + 1 is what the squared gradient of a dense first layer is proportional to, the 1 being the
 * bias's input: norm_power 1 draws examples by a bound on the norm of their gradients (Zhao, Zhang
 * 2015), power -1 draws every class equally often. w is the
 * example's own weight, of the data set's `weights`; a copy has that of its original. */
struct weighting_spec {
    char name[32];
    double classes[WEIGHTING_CLASSES_MAX]; /* >= 0, [class_count] */
    int class_count;                       /* 0: all 1; else as many as the data has */
    double power;
    double norm_power;
    double given_power; /* >= 0; above 0 only with examples that have weights */
    int line;           /* in the experiment's file; 0: in none */
};

/* counts[classes] = how many of the examples are of each class */
void count_classes(const struct examples *, size_t *counts);

/* weights[count] of examples with `inputs` features; classes: 0 for regression, where only
 * norm_power has a meaning. -1: out of memory (error set). */
int weighting_apply(const struct weighting_spec *, const struct examples *, size_t inputs,
                    int classes, double *weights);

#endif
