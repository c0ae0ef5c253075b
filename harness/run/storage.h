/* What this process has made the system read from storage. */
#ifndef BATCHLAB_STORAGE_H
#define BATCHLAB_STORAGE_H

struct storage_reads {
    double bytes;        /* that storage had to give, by reading or through a mapping; what the page
                            cache had is not in it. Not-a-number where Linux does not say */
    double major_faults; /* page faults that waited for it */
};

/* Since the process began. */
struct storage_reads storage_reads_now(void);

#endif
