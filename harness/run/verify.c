/* Are results what was written? */
#include "run/verify.h"

#include "base/checksum.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/schema_version.h"
#include "base/table.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct verifier {
    struct verification *verification;
    const char *results;
    FILE *out;
    int discards;
    char cell[256]; /* in question; "": the files beside the cells */
    int findings;   /* of it */
};

static void found(void *context, const char *file, const char *what)
{
    struct verifier *verifier = context;

    verifier->findings++;
    if (verifier->cell[0])
        fprintf(verifier->out, "cells/%s/%s %s\n", verifier->cell, file, what);
    else
        fprintf(verifier->out, "%s %s\n", file, what);
}

/* ---- Cells ------------------------------------------------------------------------------------
 */

static int discard(struct verifier *verifier)
{
    struct verification *verification = verifier->verification;
    char from[PATH_MAX + 300], to[PATH_MAX + 300];

    snprintf(verification->discarded, sizeof verification->discarded, "%.4000s/damaged",
             verifier->results);
    snprintf(from, sizeof from, "%s/cells/%s", verifier->results, verifier->cell);
    snprintf(to, sizeof to, "%s/%s", verification->discarded, verifier->cell);
    if (folder_make(verification->discarded) != 0 || folder_remove(to) != 0)
        return -1;
    return rename(from, to) == 0 ? 0 : error_set("%s: %s", from, strerror(errno));
}

static int check_cell(struct verifier *verifier, const char *id)
{
    struct verification *verification = verifier->verification;
    char folder[PATH_MAX + 300];
    int status;

    snprintf(folder, sizeof folder, "%s/cells/%s", verifier->results, id);
    snprintf(verifier->cell, sizeof verifier->cell, "%s", id);
    verifier->findings = 0;
    verification->cells++;
    status = checksum_check(folder, found, verifier);
    if (status < 0) {
        found(verifier, CHECKSUM_FILE, error_text());
    } else if (status > 0) {
        verification->unchecked++;
        return 0;
    }
    if (verifier->findings == 0)
        return 0;
    verification->damaged++;
    return verifier->discards ? discard(verifier) : 0;
}

static int is_cell(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static int check_cells(struct verifier *verifier)
{
    char folder[PATH_MAX + 16];
    struct dirent **entries;
    int count, status = 0;

    snprintf(folder, sizeof folder, "%s/cells", verifier->results);
    count = scandir(folder, &entries, is_cell, alphasort);
    verifier->verification->has_cells = count >= 0;
    for (int i = 0; i < count; i++) {
        if (status == 0)
            status = check_cell(verifier, entries[i]->d_name);
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
    return status;
}

/* Cells that a derived file speaks of and that are not there. */
static int look_for_cells(struct verifier *verifier, const char *name)
{
    char path[PATH_MAX + 300];
    const char *const *ids;
    struct table *table;

    snprintf(path, sizeof path, "%s/%s", verifier->results, name);
    if (!verifier->verification->has_cells || access(path, F_OK) != 0)
        return 0;
    if (table_open(&table, path) != 0) { /* which its checksum has told already */
        fprintf(verifier->out, "%s\n", error_text());
        return 0;
    }
    ids = table_texts(table, "id");
    for (size_t r = 0; ids && r < table_rows(table); r++) {
        if (!file_name_is_safe(ids[r])) {
            fprintf(verifier->out, "%s:%zu: `%.64s` is no id of a cell\n", name,
                    table_line(table, r), ids[r]);
            verifier->verification->missing++;
            continue;
        }
        snprintf(path, sizeof path, "%s/cells/%s/cell.csv", verifier->results, ids[r]);
        if (access(path, F_OK) == 0)
            continue;
        snprintf(path, sizeof path, "%s/damaged/%s", verifier->results, ids[r]);
        if (access(path, F_OK) == 0 && verifier->discards)
            continue; /* counted as damaged */
        fprintf(verifier->out, "cells/%s is missing\n", ids[r]);
        verifier->verification->missing++;
    }
    table_close(table);
    return 0;
}

/* ---- The manifest -----------------------------------------------------------------------------
 */

static int read_manifest(struct verifier *verifier)
{
    struct verification *verification = verifier->verification;
    const char *file;
    char path[PATH_MAX + 32];
    json_t *manifest;
    int status;

    snprintf(path, sizeof path, "%s/manifest.json", verifier->results);
    if (access(path, F_OK) != 0)
        return error_set("%s: %s, expected a results folder", path, strerror(errno));
    manifest = json_read_file(path);
    if (!manifest) {
        fprintf(verifier->out, "%s\n", error_text() + strlen(verifier->results) + 1);
        verification->derived_bad++;
        return 0;
    }
    status = schema_version_check(manifest, path);
    verification->planned = (size_t)json_integer_value(json_object_get(manifest, "cells"));
    file = json_string_value(json_object_get(manifest, "experiment_file"));
    verification->is_imported = json_is_object(json_object_get(manifest, "imported"));
    snprintf(verification->experiment, sizeof verification->experiment, "%s", file ? file : "");
    json_decref(manifest);
    return status;
}

int verify_results(struct verification *verification, const char *results, int discards, FILE *out)
{
    struct verifier verifier = {
        .verification = verification, .results = results, .out = out, .discards = discards};
    int status;

    memset(verification, 0, sizeof *verification);
    if (read_manifest(&verifier) != 0)
        return -1;
    status = checksum_check(results, found, &verifier);
    if (status < 0)
        found(&verifier, CHECKSUM_FILE, error_text());
    else if (status > 0)
        fprintf(out, "no %s: written by an older version, or not to its end\n", CHECKSUM_FILE);
    verification->derived_bad += verifier.findings;
    if (check_cells(&verifier) != 0)
        return -1;
    if (look_for_cells(&verifier, "cells.csv") != 0)
        return -1;
    return look_for_cells(&verifier, "tuning_cells.csv");
}

int verify_is_sound(const struct verification *verification)
{
    return verification->damaged == 0 && verification->missing == 0 &&
           verification->derived_bad == 0;
}
