/* What a results folder answers, in sentences: of its claims the verdicts, else what reached the
 * hardest target first, else which rate was the highest. Each says what it is of, with its interval
 * or spread; nothing is said that is not in the files. */
#ifndef BATCHLAB_PAGES_ANSWER_H
#define BATCHLAB_PAGES_ANSWER_H

#include "verdict/verdict.h"

enum { ANSWERS_MAX = 64 };

struct sentence_pair {
    char verdict[32]; /* "confirmed", "undelivered"; "" where there is no claim */
    char name[40];    /* "C26", "network S"; may be empty */
    char text[1400];  /* what is found */
    char rest[1400];  /* the numbers behind it; may be empty */
};

struct answer {
    struct sentence_pair *list; /* [count], owned */
    size_t count;
    size_t left_out;   /* more of the kind, for which there is no room */
    const char *basis; /* what it is from, where no verdict stands behind it; else "" */
};

/* verdicts: as read back, with claims or without. -1: the results cannot be read (error set). No
 * answer at all: count 0. */
int answer_find(struct answer *, struct verdicts *verdicts);
void answer_free(struct answer *); /* accepts a zeroed struct */

/* "2.99, 95 % interval 2.51 to 3.56"; what is not finite in words. */
void answer_effect(const struct effect *, char *text, size_t size);
/* "above 0.1 and below 10", from columns above and below; "" where they are not there. */
void answer_expected(const struct results *, size_t row, char *text, size_t size);
/* As a ruling is told: "confirmed", "undelivered", ... Static. */
const char *answer_word(const struct ruling *);

#endif
