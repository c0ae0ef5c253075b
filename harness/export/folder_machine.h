/* What the manifest of a results folder says of where and when, and the memory of an export. */
#ifndef BATCHLAB_EXPORT_FOLDER_MACHINE_H
#define BATCHLAB_EXPORT_FOLDER_MACHINE_H

#include "export/export.h"
#include "report/results.h"

struct exported_texts; /* pieces of memory that are freed together */

struct exported_texts *texts_new(void);   /* NULL: out of memory (error set) */
void texts_free(struct exported_texts *); /* accepts NULL */
/* Zeroed, freed by texts_free; NULL: out of memory (error set). */
void *texts_memory(struct exported_texts *, size_t size);
/* The same of a text. */
char *texts_keep(struct exported_texts *, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Fills suite, date, processor, caches, commit, custom and figures. -1 with the message set: no
 * manifest, or not that of a run. */
int folder_machine(struct export *, const struct results *, struct exported_texts *);

#endif
