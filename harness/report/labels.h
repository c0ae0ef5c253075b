/* Texts beside what is drawn. UTF-8. */
#ifndef BATCHLAB_LABELS_H
#define BATCHLAB_LABELS_H

#include <stddef.h>

/* Characters, not bytes. */
size_t label_characters(const char *text);

/* Leaves at most so many characters, the last an ellipsis where some were cut. size: of text. */
void label_cut(char *text, size_t size, size_t most);

/* The condition of a verdict in short: "batch_size=1, sampler=with_replacement, epoch=1.00014" ->
 * "K = 1 · with replacement · epoch 1". */
void label_condition(const char *condition, char *text, size_t size);

#endif
