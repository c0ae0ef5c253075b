/* Resident memory of this process, as Linux counts it. */
#ifndef BATCHLAB_RESIDENT_H
#define BATCHLAB_RESIDENT_H

/* Sets the high-water mark back to what is resident now, and returns that, in bytes. Not-a-number
 * where the system does not do so. */
double resident_restart(void);

/* The high-water mark since, bytes; not-a-number: not known. */
double resident_peak(void);

#endif
