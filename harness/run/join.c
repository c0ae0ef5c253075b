/* Results folders of one experiment made one. */
#include "run/join.h"

#include "base/checksum.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "run/choice.h"
#include "run/manifest.h"
#include "run/rebuild.h"
#include "run/record.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct joined_cell {
    char id[sizeof(((struct cell *)0)->id)];
    int from; /* index of the folder; -1: it is in the campaign's already */
};

struct join {
    const struct campaign *campaign;
    char *const *folders; /* [count] */
    int count;
    int *locks; /* [count], owned; -1: not to be locked */
    int force;
    struct joined_cell *cells; /* [cell_count], owned */
    int cell_count, cell_most;
    json_t *manifest; /* of all, owned */
};

static const char *folder_of(const struct join *join, int from)
{
    return from < 0 ? join->campaign->results : join->folders[from];
}

/* ---- Cells ----------------------------------------------------------------------------------- */

static struct joined_cell *find_cell(struct join *join, const char *id)
{
    for (int i = 0; i < join->cell_count; i++)
        if (strcmp(join->cells[i].id, id) == 0)
            return &join->cells[i];
    return NULL;
}

static int add_cell(struct join *join, const char *id, int from)
{
    if (join->cell_count == join->cell_most) {
        int most = 2 * join->cell_most + 64;
        struct joined_cell *cells = realloc(join->cells, (size_t)most * sizeof *cells);

        if (!cells)
            return error_set("out of memory");
        join->cells = cells;
        join->cell_most = most;
    }
    snprintf(join->cells[join->cell_count].id, sizeof join->cells->id, "%s", id);
    join->cells[join->cell_count++].from = from;
    return 0;
}

static int is_final(const char *results, const char *id)
{
    struct recorded recorded;

    return record_find(results, id, &recorded) && outcome_is_final(recorded.outcome);
}

static int pack_cell(struct parcel *parcel, const char *results, const char *id)
{
    char folder[PATH_MAX + 200];

    snprintf(folder, sizeof folder, "%s/cells/%s", results, id);
    return parcel_pack(parcel, folder);
}

/* A cell that two folders have. */
static int settle(struct join *join, struct joined_cell *cell, int from)
{
    const char *one = folder_of(join, cell->from), *other = folder_of(join, from);
    struct parcel parcels[2] = {{0}};
    char name[256];
    int status = -1;

    if (!is_final(other, cell->id))
        return 0;
    if (!is_final(one, cell->id)) {
        cell->from = from;
        return 0;
    }
    if (pack_cell(&parcels[0], one, cell->id) == 0 && pack_cell(&parcels[1], other, cell->id) == 0)
        status = parcel_difference(&parcels[0], &parcels[1], name, sizeof name)
                     ? error_set("%s/cells/%s/%s: differs from that of %s: the cell was run twice; "
                                 "remove one of the two",
                                 other, cell->id, name, one)
                     : 0;
    parcel_free(&parcels[0]);
    parcel_free(&parcels[1]);
    return status;
}

static void keep_first(void *context, const char *file, const char *what)
{
    char *first = context;

    if (!first[0])
        snprintf(first, 512, "%s %s", file, what);
}

static int check_cell(const char *results, const char *id)
{
    char folder[PATH_MAX + 300], first[512] = "";

    snprintf(folder, sizeof folder, "%s/cells/%s", results, id);
    if (checksum_check(folder, keep_first, first) < 0)
        return -1;
    return first[0] ? error_set("%s/%s; batchlab verify %s tells more", folder, first, results) : 0;
}

static int is_cell(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static int enter_cell(struct join *join, const char *id, int from)
{
    struct joined_cell *cell = find_cell(join, id);
    struct recorded recorded;

    if (from >= 0 && check_cell(folder_of(join, from), id) != 0)
        return -1;
    if (strlen(id) >= sizeof cell->id || !record_find(folder_of(join, from), id, &recorded))
        return error_set("%s/cells/%.200s: is no record of a cell", folder_of(join, from), id);
    return cell ? settle(join, cell, from) : add_cell(join, id, from);
}

static int enter_cells(struct join *join, int from)
{
    char path[PATH_MAX + 16];
    struct dirent **entries;
    int count, status = 0;

    snprintf(path, sizeof path, "%s/cells", folder_of(join, from));
    count = scandir(path, &entries, is_cell, alphasort);
    if (count < 0)
        return error_set("%s: %s, expected results with their cells", path, strerror(errno));
    for (int i = 0; i < count; i++) {
        if (status == 0)
            status = enter_cell(join, entries[i]->d_name, from);
        free(entries[i]);
    }
    free(entries);
    return status;
}

static int copy_cells(const struct join *join, int *joined)
{
    for (int i = 0; i < join->cell_count; i++) {
        const struct joined_cell *cell = &join->cells[i];
        struct parcel parcel;
        int status;

        if (cell->from < 0)
            continue;
        if (pack_cell(&parcel, folder_of(join, cell->from), cell->id) != 0)
            return -1;
        status = record_take(join->campaign->results, cell->id, &parcel);
        parcel_free(&parcel);
        if (status != 0)
            return -1;
        ++*joined;
    }
    return 0;
}

/* ---- Manifests ------------------------------------------------------------------------------- */

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text ? text : "";
}

static int check_machine(const struct join *join, const json_t *other, const char *results)
{
    const char *cpu = text_of(json_object_get(join->manifest, "machine"), "cpu");
    const char *there = text_of(json_object_get(other, "machine"), "cpu"), *engine;
    json_t *library;

    if (join->force)
        return 0;
    if (strcmp(cpu, there) != 0)
        return error_set(
            "%s: was measured on another machine (%s; the others on %s), whose seconds "
            "do not compare; --force joins all the same",
            results, there, cpu);
    json_object_foreach(json_object_get(other, "engines"), engine, library)
    {
        const char *own = text_of(json_object_get(join->manifest, "engines"), engine);

        if (own[0] && strcmp(own, json_string_value(library)) != 0)
            return error_set("%s: was measured with another library of engine %s (%.200s; the "
                             "others %.200s); --force joins all the same",
                             results, engine, json_string_value(library), own);
    }
    return 0;
}

static int has_run(const json_t *runs, const json_t *run)
{
    json_t *other;
    size_t i;

    json_array_foreach(runs, i, other)
    {
        if (json_equal(other, run))
            return 1;
    }
    return 0;
}

/* What both have, and what the other alone knows. */
static void add_manifest(json_t *into, const json_t *other)
{
    static const char *const measured[] = {"fma_peak_gflops", "roofs"};
    json_t *runs = json_object_get(into, "runs"), *run;
    json_t *machine = json_object_get(into, "machine");
    size_t i;

    json_array_foreach(json_object_get(other, "runs"), i, run)
    {
        if (!has_run(runs, run))
            json_array_append(runs, run);
    }
    json_object_update_missing(json_object_get(into, "engines"), json_object_get(other, "engines"));
    for (i = 0; i < sizeof measured / sizeof *measured; i++)
        json_object_update_missing(json_object_get(machine, measured[i]),
                                   json_object_get(json_object_get(other, "machine"), measured[i]));
}

/* The manifest of a folder, which must be the campaign's experiment's. */
static int enter_manifest(struct join *join, int from)
{
    const char *results = folder_of(join, from);
    struct campaign there = *join->campaign;
    char path[PATH_MAX + 32];
    json_t *manifest;
    int status;

    there.results = results;
    snprintf(path, sizeof path, "%s/manifest.json", results);
    if (access(path, F_OK) != 0)
        return from < 0 ? 0 : error_set("%s: %s, expected a results folder", path, strerror(errno));
    if (manifest_check(&there, 0) != 0)
        return -1;
    manifest = json_read_file(path);
    if (!manifest)
        return -1;
    if (!join->manifest) {
        join->manifest = manifest;
        return 0;
    }
    status = check_machine(join, manifest, results);
    if (status == 0)
        add_manifest(join->manifest, manifest);
    json_decref(manifest);
    return status;
}

static int write_manifest(const struct join *join)
{
    char path[PATH_MAX + 32];

    snprintf(path, sizeof path, "%s/manifest.json", join->campaign->results);
    return join->manifest ? json_write_file(join->manifest, path) : 0;
}

/* ---- The whole ------------------------------------------------------------------------------- */

/* Nobody may write into a folder that is read; one that nobody here can write to needs no lock. */
static int lock_folders(struct join *join)
{
    struct stat own, other;

    if (stat(join->campaign->results, &own) != 0)
        return error_set("%s: %s", join->campaign->results, strerror(errno));
    for (int i = 0; i < join->count; i++) {
        const char *folder = join->folders[i];

        if (stat(folder, &other) != 0)
            return error_set("%s: %s, expected a results folder", folder, strerror(errno));
        if (own.st_dev == other.st_dev && own.st_ino == other.st_ino)
            return error_set("%s: cannot be joined with itself; --results names another folder",
                             folder);
        if (access(folder, W_OK) == 0 && (join->locks[i] = folder_lock(folder)) < 0)
            return -1;
    }
    return 0;
}

static int read_all(struct join *join)
{
    for (int from = -1; from < join->count; from++)
        if (enter_manifest(join, from) != 0 || enter_cells(join, from) != 0)
            return -1;
    return 0;
}

static int write_all(const struct join *join, int *joined, int *reported)
{
    const struct campaign *campaign = join->campaign;
    const struct survey nothing = {0};
    struct run_log log = {0};

    if (record_unseal(campaign->results) != 0 || write_manifest(join) != 0 ||
        copy_cells(join, joined) != 0)
        return -1;
    for (int i = 0; i < join->count; i++)
        if (choices_join(campaign->results, join->folders[i]) != 0)
            return -1;
    if (rebuild_locked(campaign, reported, &log.cells_repeated) != 0)
        return -1;
    return manifest_write(campaign, &nothing, &log);
}

/* A folder that was made for nothing. */
static void remove_empty(const char *results)
{
    char path[PATH_MAX + 16];

    snprintf(path, sizeof path, "%s/cells", results);
    rmdir(path);
    snprintf(path, sizeof path, "%s/.lock", results);
    unlink(path);
    rmdir(results);
}

int join_folders(const struct campaign *campaign, char *const *folders, int count, int force,
                 int *joined, int *reported)
{
    struct join join = {.campaign = campaign, .folders = folders, .count = count, .force = force};
    int is_new = access(campaign->results, F_OK) != 0, status = -1, lock = -1;
    char cells[PATH_MAX + 16];

    *joined = 0;
    snprintf(cells, sizeof cells, "%s/cells", campaign->results);
    join.locks = malloc((size_t)count * sizeof *join.locks);
    if (!join.locks)
        return error_set("out of memory");
    for (int i = 0; i < count; i++)
        join.locks[i] = -1;
    if (folder_make(cells) == 0 && (lock = folder_lock(campaign->results)) >= 0 &&
        lock_folders(&join) == 0 && record_clean(campaign->results) == 0 && read_all(&join) == 0)
        status = write_all(&join, joined, reported);
    for (int i = 0; i < count; i++)
        if (join.locks[i] >= 0)
            close(join.locks[i]);
    if (lock >= 0)
        close(lock);
    if (status != 0 && is_new && *joined == 0)
        remove_empty(campaign->results);
    json_decref(join.manifest);
    free(join.cells);
    free(join.locks);
    return status;
}
