/* batchlab verify: are results what was written? */
#include "run/verify.h"

#include "base/error.h"
#include "cli/command.h"
#include "data/shards.h"

enum { KEY_DISCARD = 256 };

static const struct argp_option options[] = {
    {"discard", KEY_DISCARD, 0, 0,
     "Move damaged cells to RESULTS/damaged, so that the next run makes them again", 0},
    {0},
};

struct arguments {
    const char *results;
    int discards;
};

static error_t parse(int key, char *text, struct argp_state *state)
{
    struct arguments *arguments = state->input;

    switch (key) {
    case KEY_DISCARD:
        arguments->discards = 1;
        break;
    default:
        return command_folder(key, text, state, &arguments->results);
    }
    return 0;
}

static const struct argp argp = {
    options,
    parse,
    "RESULTS",
    "Holds every cell and every file of a results folder against the checksums written with it, "
    "and "
    "looks for cells that are gone: a line for each finding, and what to run. Of a folder of "
    "shards, "
    "which `batchlab convert` wrote, every byte is read and held against its checksum.\v"
    "Exit status: 0 all is as it was written; 1 something is damaged or missing; 64 usage.",
    0,
    0,
    0};

static void print_advice(const struct verification *found, const char *results)
{
    const char *experiment = found->experiment[0] ? found->experiment : "EXPERIMENT";

    if (found->discarded[0])
        printf("Damaged cells were moved to %s.\n", found->discarded);
    else if (found->damaged > 0)
        printf("Move them out of the way first: batchlab verify --discard %s\n", results);
    if (found->is_imported && found->damaged + found->missing + (size_t)found->derived_bad > 0)
        printf("Import them again, from the files that manifest.json names: batchlab import ... "
               "--columns %s --into %s\n",
               experiment, results);
    else if (found->damaged + found->missing > 0)
        printf("Then run again what is missing: batchlab run %s --results %s\n", experiment,
               results);
    else if (found->derived_bad > 0 && found->has_cells)
        printf("Make them anew of the cells: batchlab merge %s --results %s\n", experiment,
               results);
}

static void print_account(const struct verification *found)
{
    if (found->has_cells)
        printf("%zu cells", found->cells);
    else
        printf("No cells/ here, only what was derived of them");
    if (found->has_cells && found->planned > 0)
        printf(" of %zu planned", found->planned);
    printf(": %zu damaged, %zu missing, %d other files damaged", found->damaged, found->missing,
           found->derived_bad);
    if (found->unchecked > 0)
        printf(", %zu without checksums", found->unchecked);
    printf(".\n");
}

static void print_shard(void *context, const char *file, const char *what)
{
    printf("%s/%s: %s\n", (const char *)context, file, what);
}

static int verify_shards(char *folder)
{
    struct shard_set set;
    size_t bad;

    if (shard_set_open(&set, folder) != 0)
        return command_failed();
    bad = shard_set_check(&set, print_shard, folder);
    printf("%u shard%s of %zu examples: %zu damaged.\n", set.shards, set.shards == 1 ? "" : "s",
           set.count, bad);
    shard_set_close(&set);
    return bad == 0 ? STATUS_OK : STATUS_ERROR;
}

int command_verify(int argc, char **argv)
{
    struct arguments arguments = {0};
    struct verification found;

    if (argp_parse(&argp, argc, argv, 0, NULL, &arguments) != 0)
        return STATUS_USAGE;
    if (shard_set_is_there(arguments.results))
        return verify_shards((char *)(uintptr_t)arguments.results);
    if (verify_results(&found, arguments.results, arguments.discards, stdout) != 0)
        return command_failed();
    print_account(&found);
    print_advice(&found, arguments.results);
    return verify_is_sound(&found) ? STATUS_OK : STATUS_ERROR;
}
