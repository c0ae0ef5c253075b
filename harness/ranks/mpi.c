/* ranks.h by MPI (3.0 or later). The only file that knows MPI; a shared object of its own. */
#include "message.h"
#include "ranks/module.h"

#include <limits.h>
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static MPI_Request pending[RANKS_PENDING];
static int initialised;

/* The team, and how what was last cut into slices is. */
static MPI_Comm team = MPI_COMM_NULL;
static int team_size, team_rank;

/* Teams are made once for each size: to free one would take all its ranks. */
enum { TEAMS_MAX = 64 };
static struct {
    MPI_Comm among;
    int size;
} teams[TEAMS_MAX];
static int team_count;
static struct slices {
    int *first, *length; /* [team_size] of each rank's slice of its own values */
    int *at, *mine;      /* [team_size] of what each rank has of this one's slice */
    int *memory;
} slice;

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
    free(slice.memory);
    slice = (struct slices){0};
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

static int begin_sum(void *values, size_t count, MPI_Datatype type, MPI_Comm among, int *ticket,
                     struct message *why)
{
    if (counted(count, "sum", why) != 0)
        return -1;
    for (*ticket = 0; *ticket < RANKS_PENDING; ++*ticket)
        if (pending[*ticket] == MPI_REQUEST_NULL)
            return told(MPI_Iallreduce(MPI_IN_PLACE, values, (int)count, type, MPI_SUM, among,
                                       &pending[*ticket]),
                        "sum", why);
    return message_set(why, "MPI: more than %d sums under way", RANKS_PENDING);
}

static int mpi_sum_begin(float *values, size_t count, int *ticket, struct message *why)
{
    return begin_sum(values, count, MPI_FLOAT, MPI_COMM_WORLD, ticket, why);
}

/* A sum of gradients is waited for on the timed line: spinning is right here. */
static int mpi_sum_finish(int ticket, struct message *why)
{
    return told(MPI_Wait(&pending[ticket], MPI_STATUS_IGNORE), "sum", why);
}

/* ---- The team ------------------------------------------------------------------------------- */

static int make_team(int size, struct message *why)
{
    MPI_Group all, first;
    int range[1][3] = {{0, size - 1, 1}}, code;

    if (team_count == TEAMS_MAX)
        return message_set(why, "teams of more than %d sizes in one run", TEAMS_MAX);
    MPI_Comm_group(MPI_COMM_WORLD, &all);
    MPI_Group_range_incl(all, 1, range, &first);
    code = MPI_Comm_create_group(MPI_COMM_WORLD, first, 0, &teams[team_count].among);
    MPI_Group_free(&first);
    MPI_Group_free(&all);
    if (told(code, "team", why) != 0)
        return -1;
    MPI_Comm_set_errhandler(teams[team_count].among, MPI_ERRORS_RETURN);
    teams[team_count++].size = size;
    return 0;
}

static int make_slices(int size, struct message *why)
{
    free(slice.memory);
    slice.memory = calloc(4 * (size_t)size, sizeof *slice.memory);
    if (!slice.memory)
        return message_set(why, "out of memory");
    slice.first = slice.memory;
    slice.length = slice.memory + size;
    slice.at = slice.memory + 2 * size;
    slice.mine = slice.memory + 3 * size;
    return 0;
}

static int mpi_team(int size, struct message *why)
{
    int t = 0;

    while (t < team_count && teams[t].size != size)
        t++;
    if ((t == team_count && make_team(size, why) != 0) || make_slices(size, why) != 0)
        return -1;
    team = teams[t].among;
    team_size = size;
    MPI_Comm_rank(team, &team_rank);
    return 0;
}

static int mpi_team_barrier(struct message *why)
{
    return told(MPI_Barrier(team), "barrier", why);
}

static int mpi_team_await(void *bytes, size_t size, struct message *why)
{
    MPI_Request request;

    if (counted(size, "broadcast", why) != 0 ||
        told(MPI_Ibcast(bytes, (int)size, MPI_BYTE, 0, team, &request), "broadcast", why) != 0)
        return -1;
    return wait_asleep(&request, "broadcast", why);
}

static int mpi_team_gather(const void *bytes, size_t size, void *all, struct message *why)
{
    if (counted(size, "gathering", why) != 0)
        return -1;
    return told(MPI_Allgather(bytes, (int)size, MPI_BYTE, all, (int)size, MPI_BYTE, team),
                "gathering", why);
}

static MPI_Datatype type_of(size_t element)
{
    return element == sizeof(double) ? MPI_DOUBLE : MPI_FLOAT;
}

static int mpi_team_sum_begin(void *values, size_t count, size_t element, int *ticket,
                              struct message *why)
{
    return begin_sum(values, count, type_of(element), team, ticket, why);
}

static int cut_slices(size_t count, struct message *why)
{
    if (counted(count, "slices", why) != 0)
        return -1;
    for (int r = 0; r < team_size; r++) {
        slice.first[r] = (int)ranks_slice(count, team_size, r);
        slice.length[r] = (int)ranks_slice(count, team_size, r + 1) - slice.first[r];
    }
    for (int r = 0; r < team_size; r++) {
        slice.mine[r] = slice.length[team_rank];
        slice.at[r] = r * slice.mine[r];
    }
    return 0;
}

static int mpi_team_slices(const void *values, size_t count, size_t element, void *slices,
                           struct message *why)
{
    MPI_Datatype type = type_of(element);

    if (cut_slices(count, why) != 0)
        return -1;
    return told(MPI_Alltoallv(values, slice.length, slice.first, type, slices, slice.mine, slice.at,
                              type, team),
                "slices", why);
}

static int mpi_team_join(void *values, size_t count, size_t element, struct message *why)
{
    if (cut_slices(count, why) != 0)
        return -1;
    return told(MPI_Allgatherv(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, values, slice.length,
                               slice.first, type_of(element), team),
                "slices", why);
}

static int mpi_team_pass(void *bytes, size_t size, int from, int to, struct message *why)
{
    if (counted(size, "message", why) != 0)
        return -1;
    if (team_rank == from)
        return told(MPI_Send(bytes, (int)size, MPI_BYTE, to, 0, team), "message", why);
    return told(MPI_Recv(bytes, (int)size, MPI_BYTE, from, 0, team, MPI_STATUS_IGNORE), "message",
                why);
}

/* ---- The shelf ------------------------------------------------------------------------------ */

/* In the window of rank 0: counters, then values. */
static MPI_Win shelf = MPI_WIN_NULL;
static const MPI_Aint shelf_values = RANKS_COUNTERS * sizeof(int64_t);

static int mpi_shelf_open(const float *values, size_t count, struct message *why)
{
    MPI_Aint size = team_rank == 0 ? shelf_values + (MPI_Aint)(count * sizeof *values) : 0;
    char *memory;

    if (counted(count, "shelf", why) != 0 ||
        told(MPI_Win_allocate(size, 1, MPI_INFO_NULL, team, &memory, &shelf), "shelf", why) != 0)
        return -1;
    MPI_Win_set_errhandler(shelf, MPI_ERRORS_RETURN);
    if (told(MPI_Win_lock_all(0, shelf), "shelf", why) != 0)
        return -1;
    if (team_rank == 0) {
        memset(memory, 0, (size_t)shelf_values);
        memcpy(memory + shelf_values, values, count * sizeof *values);
    }
    return told(MPI_Win_sync(shelf), "shelf", why) == 0 ? mpi_team_barrier(why) : -1;
}

static int mpi_shelf_close(struct message *why)
{
    return told(MPI_Win_unlock_all(shelf), "shelf", why) == 0
               ? told(MPI_Win_free(&shelf), "shelf", why)
               : -1;
}

/* By accumulating operations alone, which are whole for each element among themselves. */
static int mpi_shelf_read(float *values, size_t count, struct message *why)
{
    if (told(MPI_Get_accumulate(NULL, 0, MPI_FLOAT, values, (int)count, MPI_FLOAT, 0, shelf_values,
                                (int)count, MPI_FLOAT, MPI_NO_OP, shelf),
             "reading", why) != 0)
        return -1;
    return told(MPI_Win_flush(0, shelf), "reading", why);
}

static int mpi_shelf_add(const float *values, size_t count, struct message *why)
{
    if (told(MPI_Accumulate(values, (int)count, MPI_FLOAT, 0, shelf_values, (int)count, MPI_FLOAT,
                            MPI_SUM, shelf),
             "adding", why) != 0)
        return -1;
    return told(MPI_Win_flush(0, shelf), "adding", why);
}

static int mpi_shelf_count(int counter, int64_t add, int64_t *before, struct message *why)
{
    if (told(MPI_Fetch_and_op(&add, before, MPI_INT64_T, 0,
                              (MPI_Aint)((size_t)counter * sizeof *before), MPI_SUM, shelf),
             "counting", why) != 0)
        return -1;
    return told(MPI_Win_flush(0, shelf), "counting", why);
}

/* ---- Messages ------------------------------------------------------------------------------- */

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
    .team = mpi_team,
    .team_barrier = mpi_team_barrier,
    .team_await = mpi_team_await,
    .team_gather = mpi_team_gather,
    .team_sum_begin = mpi_team_sum_begin,
    .team_slices = mpi_team_slices,
    .team_join = mpi_team_join,
    .team_pass = mpi_team_pass,
    .shelf_open = mpi_shelf_open,
    .shelf_close = mpi_shelf_close,
    .shelf_read = mpi_shelf_read,
    .shelf_add = mpi_shelf_add,
    .shelf_count = mpi_shelf_count,
    .send = mpi_send,
    .poll = mpi_poll,
    .receive = mpi_receive,
};
