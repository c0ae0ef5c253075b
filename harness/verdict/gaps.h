/* What a claim speaks of and the results do not have: what is not there cannot stand against it.
 */
#ifndef BATCHLAB_GAPS_H
#define BATCHLAB_GAPS_H

#include "verdict/evidence.h"

/* Writes what is amiss, "" if nothing: a value that `where` or an arm names and no row has; a cell
 * that should have rows in the claim's file and has none, as one that diverged before the epoch
 * asked for; with `axis: training loss`, cells that another limit of their budget ended. -1, error
 * set without file and line: rows chosen by how they ended, or two arms that share a row. */
int gaps_find(const struct evidence *, const struct claim *, const struct circumstance *,
              size_t count, char *text, size_t size);

#endif
