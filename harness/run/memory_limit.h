/* How much memory a cell's process may take. */
#ifndef BATCHLAB_MEMORY_LIMIT_H
#define BATCHLAB_MEMORY_LIMIT_H

/* From now on this process may take so many bytes more than it has, of memory of its own
 * (RLIMIT_DATA: heap and private writable mappings; what it shares with its parent until it writes
 * counts as had); what goes beyond is refused to whoever asks. 0: no limit. Nothing is limited in a
 * build with AddressSanitizer, whose shadow is a mapping of terabytes. */
void memory_limit_set(double bytes);

/* 1: of what the limit allows less than an eighth is left. */
int memory_limit_is_reached(void);

/* From now on nothing is refused: for what has to be written at the end, whatever the engine has
 * left. Nothing of the limit is left to be reached. */
void memory_limit_lift(void);

#endif
