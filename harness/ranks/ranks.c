#include "ranks/ranks.h"

#include "base/error.h"
#include "base/program.h"
#include "ranks/module.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <unistd.h>

static const struct ranks_module *module;
static int is_open;

/* What launchers tell those they start. Slurm's own is no proof of a launch: a batch script has it,
 * too, in which the program runs alone. */
int ranks_started(void)
{
    static const char *const told_by[] = {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "PMIX_RANK",
                                          "MPI_LOCALNRANKS"};

    for (size_t i = 0; i < sizeof told_by / sizeof *told_by; i++)
        if (getenv(told_by[i]))
            return 1;
    return 0;
}

/* The first of the variables that is set, as a number. */
static int told_number(const char *const *names)
{
    for (; *names; names++) {
        const char *text = getenv(*names);

        if (text)
            return atoi(text);
    }
    return 0;
}

void ranks_told(int *rank, int *size)
{
    static const char *const ranks[] = {"OMPI_COMM_WORLD_RANK", "PMI_RANK", "PMIX_RANK", NULL};
    static const char *const sizes[] = {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE", NULL};

    *rank = told_number(ranks);
    *size = told_number(sizes);
    if (*size == 0 && getenv("PMIX_RANK")) /* srun --mpi=pmix */
        *size = told_number((const char *const[]){"SLURM_STEP_NUM_TASKS", NULL});
}

int ranks_available(void)
{
    static void *library; /* stays */
    char path[4096];

    if (module)
        return 0;
    if (program_beside("../lib/batchlab/ranks_mpi.so", path, sizeof path) != 0)
        return -1;
    if (access(path, R_OK) != 0)
        return error_set("built without MPI: expected %s; install an MPI library (Debian: "
                         "libopenmpi-dev openmpi-bin) and build again",
                         path);
    /* Global: Open MPI loads parts of itself, which look for its symbols there. */
    library = dlopen(path, RTLD_NOW | RTLD_GLOBAL);
    if (!library)
        return error_set("MPI cannot be loaded: %s", dlerror());
    module = dlsym(library, "batchlab_ranks");
    if (!module || module->size != sizeof *module) {
        module = NULL;
        return error_set("%s: of another build, expected that of this program", path);
    }
    return 0;
}

/* Makes an error of the module the pending one. */
static int passed(int result, const struct message *why)
{
    return result < 0 ? error_set("%s", why->text) : result;
}

int ranks_open(struct ranks *ranks)
{
    struct message why;

    *ranks = (struct ranks){.size = 1, .host_size = 1};
    if (ranks_available() != 0)
        return -1;
    is_open = 1;
    return passed(module->open(ranks, &why), &why);
}

void ranks_close(void)
{
    if (is_open)
        module->close();
    is_open = 0;
}

void ranks_abort(int status)
{
    if (is_open)
        module->abort(status);
    _exit(status);
}

int ranks_barrier(void)
{
    struct message why;

    return passed(module->barrier(&why), &why);
}

int ranks_broadcast(void *bytes, size_t size, int from)
{
    struct message why;

    return passed(module->broadcast(bytes, size, from, &why), &why);
}

int ranks_all_gather(const void *bytes, size_t size, void *all)
{
    struct message why;

    return passed(module->all_gather(bytes, size, all, &why), &why);
}

int ranks_sum(float *values, size_t count)
{
    int ticket;

    return ranks_sum_begin(values, count, &ticket) == 0 ? ranks_sum_finish(ticket) : -1;
}

int ranks_sum_begin(float *values, size_t count, int *ticket)
{
    struct message why;

    return passed(module->sum_begin(values, count, ticket, &why), &why);
}

int ranks_sum_finish(int ticket)
{
    struct message why;

    return passed(module->sum_finish(ticket, &why), &why);
}

int ranks_team(int size)
{
    struct message why;

    return passed(module->team(size, &why), &why);
}

int ranks_team_barrier(void)
{
    struct message why;

    return passed(module->team_barrier(&why), &why);
}

int ranks_team_await(void *bytes, size_t size)
{
    struct message why;

    return passed(module->team_await(bytes, size, &why), &why);
}

int ranks_team_gather(const void *bytes, size_t size, void *all)
{
    struct message why;

    return passed(module->team_gather(bytes, size, all, &why), &why);
}

int ranks_team_sum_begin(void *values, size_t count, size_t element, int *ticket)
{
    struct message why;

    return passed(module->team_sum_begin(values, count, element, ticket, &why), &why);
}

int ranks_team_slices(const void *values, size_t count, size_t element, void *slices)
{
    struct message why;

    return passed(module->team_slices(values, count, element, slices, &why), &why);
}

int ranks_team_join(void *values, size_t count, size_t element)
{
    struct message why;

    return passed(module->team_join(values, count, element, &why), &why);
}

int ranks_team_pass(void *bytes, size_t size, int from, int to)
{
    struct message why;

    return passed(module->team_pass(bytes, size, from, to, &why), &why);
}

int ranks_shelf_open(const float *values, size_t count)
{
    struct message why;

    return passed(module->shelf_open(values, count, &why), &why);
}

int ranks_shelf_close(void)
{
    struct message why;

    return passed(module->shelf_close(&why), &why);
}

int ranks_shelf_read(float *values, size_t count)
{
    struct message why;

    return passed(module->shelf_read(values, count, &why), &why);
}

int ranks_shelf_add(const float *values, size_t count)
{
    struct message why;

    return passed(module->shelf_add(values, count, &why), &why);
}

int ranks_shelf_count(int counter, int64_t add, int64_t *before)
{
    struct message why;

    return passed(module->shelf_count(counter, add, before, &why), &why);
}

int ranks_send(int to, int tag, const void *bytes, size_t size)
{
    struct message why;

    return passed(module->send(to, tag, bytes, size, &why), &why);
}

int ranks_poll(int *from, int *tag, size_t *size)
{
    struct message why;

    return passed(module->poll(from, tag, size, &why), &why);
}

int ranks_receive(int from, int tag, void *bytes, size_t size)
{
    struct message why;

    return passed(module->receive(from, tag, bytes, size, &why), &why);
}
