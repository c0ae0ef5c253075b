/* What a long run has come to, in a file from which another process goes on. Each part lists its
 * state once, in a function that serves both ways: checkpoint_item takes the bytes down where the
 * file is being written, and puts them back where it is being read.
 *
 * A file is for the same program on the same machine: structures lie in it as in memory. Whose it
 * is says a key: lines of text that must all be the same. */
#ifndef BATCHLAB_CHECKPOINT_H
#define BATCHLAB_CHECKPOINT_H

#include <stddef.h>

struct checkpoint;

/* Begins a file that will lie at `path`. seconds: what the run has taken so far. -1 (error set): it
 * cannot be begun. */
int checkpoint_begin(struct checkpoint **, const char *path, const char *key, double seconds);

/* Ends it: the file is there whole (fsync, rename), in place of an earlier one. -1 (error set): it
 * is not, and an earlier one stays. The checkpoint is closed in either case. */
int checkpoint_commit(struct checkpoint *);

/* Opens what lies there. 1: it is whole and of this key; 0: there is none, *checkpoint is NULL; -1:
 * damaged, of another version or not of this key, with the reason as the error, which names the
 * path; NULL as well. */
int checkpoint_open(struct checkpoint **, const char *path, const char *key);

/* 0, or -1 (error set) where something in it was not what was asked for, or is left over: then what
 * was read is not to be used. */
int checkpoint_finish(struct checkpoint *);
void checkpoint_close(struct checkpoint *); /* accepts NULL; gives up what is being written */

double checkpoint_seconds(const struct checkpoint *);
int checkpoint_is_read(const struct checkpoint *); /* 1: values come from the file */

/* Takes down, or puts back, `size` bytes. An item is known by its name (up to 23 characters) and
 * size, in the order of writing. After a failure this and the next ones do nothing: the failure is
 * told at the end. */
void checkpoint_item(struct checkpoint *, const char *name, void *bytes, size_t size);

/* The number of what has no fixed length: the one given, or the file's; 0 after a failure. */
size_t checkpoint_count(struct checkpoint *, const char *name, size_t count);

/* What was read cannot be: a failure like those of checkpoint_item. */
void checkpoint_refuse(struct checkpoint *, const char *why);
int checkpoint_has_failed(const struct checkpoint *);

/* checkpoint_item for a variable. */
#define CHECKPOINT(checkpoint, name, variable)                                                     \
    checkpoint_item(checkpoint, name, &(variable), sizeof(variable))

#endif
