/* A YAML file: its text, and the one document in it. */
#ifndef BATCHLAB_DOCUMENT_H
#define BATCHLAB_DOCUMENT_H

#include "plan/schema.h"

/* The text of a file of at most 64 KiB, to be freed; NULL with the error set. */
char *document_read(const char *path);

/* Parses the text and hands its document to `read`, whose 0 or -1 is returned. -1 as well, with
 * `file:line: ...` set: no YAML, a second document, or one that is nested deeper or, with its
 * aliases followed, larger than limits.h allows: whoever follows them visits no more than that. */
int document_parse(const char *file, const char *text,
                   int (*read)(const struct schema_source *, void *into), void *into);

#endif
