/* The version of a results folder, `schema_version` of its manifest.json. */
#ifndef BATCHLAB_SCHEMA_VERSION_H
#define BATCHLAB_SCHEMA_VERSION_H

#include <jansson.h>

/* What this program writes. Earlier ones are read: columns that they lack are missed where they are
 * needed. Goes up whenever what a column means, or what a cell is, changes. */
enum { MANIFEST_SCHEMA_VERSION = 8 };

/* -1 (error set, with the path): the manifest is of a later version than this program's, whose
 * columns might mean something else; or what stands there is no version. A manifest that says none
 * is older than the key. */
int schema_version_check(const json_t *manifest, const char *path);

#endif
