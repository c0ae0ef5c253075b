/* ranks.h by MPI (3.0 or later). The only file that knows MPI; a shared object of its own. */
#include "message.h"
#include "ranks/module.h"

#include <limits.h>
#include <mpi.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static MPI_Request pending[RANKS_PENDING];
static int initialised;

/* 0, or -1 with what MPI says of the error. */
static int told(int code, const char *what, struct message *why)
{
    char text[MPI_MAX_ERROR_STRING];
    int length = 0;

    if (code == MPI_SUCCESS)
        return 0;
    if (MPI_Error_string(code, text, &length) != MPI_SUCCESS)
        length = 0;
    return message_set(why, "MPI: %s: %.*s", what, length, text);
}

/* MPI counts in int. */
static int counted(size_t size, const char *what, struct message *why)
{
    if (size > INT_MAX)
        return message_set(why, "MPI: %s: %zu elements, expected at most %d", what, size, INT_MAX);
    return 0;
}

static int mpi_open(struct ranks *ranks, struct message *why)
{
    MPI_Comm host;
    char version[MPI_MAX_LIBRARY_VERSION_STRING];
    int provided, length;

    if (told(MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &provided), "initialisation", why) !=
        0)
        return -1;
    initialised = 1;
    for (int i = 0; i < RANKS_PENDING; i++)
        pending[i] = MPI_REQUEST_NULL;
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    MPI_Comm_rank(MPI_COMM_WORLD, &ranks->rank);
    MPI_Comm_size(MPI_COMM_WORLD, &ranks->size);
    if (told(MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, ranks->rank, MPI_INFO_NULL,
                                 &host),
             "who is on this host", why) != 0)
        return -1;
    MPI_Comm_rank(host, &ranks->host_rank);
    MPI_Comm_size(host, &ranks->host_size);
    MPI_Comm_free(&host);
    if (told(MPI_Get_library_version(version, &length), "version", why) != 0)
        return -1;
    version[strcspn(version, ",\n")] = '\0'; /* "Open MPI v4.1.4, package: ..." */
    snprintf(ranks->library, sizeof ranks->library, "%.*s", (int)sizeof ranks->library - 1,
             version);
    return 0;
}

static void mpi_close(void)
{
    if (initialised)
        MPI_Finalize();
    initialised = 0;
}

static void mpi_abort(int status)
{
    MPI_Abort(MPI_COMM_WORLD, status);
}

/* Asks again and again, ever more seldom: MPI's own waits spin. */
static int wait_asleep(MPI_Request *request, const char *what, struct message *why)
{
    struct timespec pause = {0, 20 * 1000};
    int done = 0;

    for (;;) {
        if (told(MPI_Test(request, &done, MPI_STATUS_IGNORE), what, why) != 0)
            return -1;
        if (done)
            return 0;
        nanosleep(&pause, NULL);
        if (pause.tv_nsec < 20 * 1000 * 1000)
            pause.tv_nsec *= 2;
    }
}

static int mpi_barrier(struct message *why)
{
    MPI_Request request;

    if (told(MPI_Ibarrier(MPI_COMM_WORLD, &request), "barrier", why) != 0)
        return -1;
    return wait_asleep(&request, "barrier", why);
}

static int mpi_broadcast(void *bytes, size_t size, int from, struct message *why)
{
    MPI_Request request;

    if (counted(size, "broadcast", why) != 0 ||
        told(MPI_Ibcast(bytes, (int)size, MPI_BYTE, from, MPI_COMM_WORLD, &request), "broadcast",
             why) != 0)
        return -1;
    return wait_asleep(&request, "broadcast", why);
}

static int mpi_all_gather(const void *bytes, size_t size, void *all, struct message *why)
{
    MPI_Request request;

    if (counted(size, "gathering", why) != 0 ||
        told(MPI_Iallgather(bytes, (int)size, MPI_BYTE, all, (int)size, MPI_BYTE, MPI_COMM_WORLD,
                            &request),
             "gathering", why) != 0)
        return -1;
    return wait_asleep(&request, "gathering", why);
}

static int mpi_sum_begin(float *values, size_t count, int *ticket, struct message *why)
{
    if (counted(count, "sum", why) != 0)
        return -1;
    for (*ticket = 0; *ticket < RANKS_PENDING; ++*ticket)
        if (pending[*ticket] == MPI_REQUEST_NULL)
            return told(MPI_Iallreduce(MPI_IN_PLACE, values, (int)count, MPI_FLOAT, MPI_SUM,
                                       MPI_COMM_WORLD, &pending[*ticket]),
                        "sum", why);
    return message_set(why, "MPI: more than %d sums under way", RANKS_PENDING);
}

/* A sum of gradients is waited for on the timed line: spinning is right here. */
static int mpi_sum_finish(int ticket, struct message *why)
{
    return told(MPI_Wait(&pending[ticket], MPI_STATUS_IGNORE), "sum", why);
}

static int mpi_send(int to, int tag, const void *bytes, size_t size, struct message *why)
{
    MPI_Request request;

    if (counted(size, "message", why) != 0 ||
        told(MPI_Isend(bytes, (int)size, MPI_BYTE, to, tag, MPI_COMM_WORLD, &request), "message",
             why) != 0)
        return -1;
    return wait_asleep(&request, "message", why);
}

static int mpi_poll(int *from, int *tag, size_t *size, struct message *why)
{
    MPI_Status status;
    int there = 0, count = 0;

    if (told(MPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, MPI_COMM_WORLD, &there, &status),
             "looking for messages", why) != 0)
        return -1;
    if (!there)
        return 0;
    MPI_Get_count(&status, MPI_BYTE, &count);
    *from = status.MPI_SOURCE;
    *tag = status.MPI_TAG;
    *size = (size_t)count;
    return 1;
}

static int mpi_receive(int from, int tag, void *bytes, size_t size, struct message *why)
{
    if (counted(size, "message", why) != 0)
        return -1;
    return told(MPI_Recv(bytes, (int)size, MPI_BYTE, from, tag, MPI_COMM_WORLD, MPI_STATUS_IGNORE),
                "message", why);
}

extern const struct ranks_module batchlab_ranks; /* what ranks.c looks for */
__attribute__((visibility("default"))) const struct ranks_module batchlab_ranks = {
    .size = sizeof(struct ranks_module),
    .open = mpi_open,
    .close = mpi_close,
    .abort = mpi_abort,
    .barrier = mpi_barrier,
    .broadcast = mpi_broadcast,
    .all_gather = mpi_all_gather,
    .sum_begin = mpi_sum_begin,
    .sum_finish = mpi_sum_finish,
    .send = mpi_send,
    .poll = mpi_poll,
    .receive = mpi_receive,
};
