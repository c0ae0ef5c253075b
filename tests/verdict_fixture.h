/* Results of a planted truth in the scratch folder, and what is ruled by them. */
#ifndef BATCHLAB_TESTS_VERDICT_FIXTURE_H
#define BATCHLAB_TESTS_VERDICT_FIXTURE_H

#include "verdict/verdict.h"

#include "base/error.h"
#include "tree.h"

#include <jansson.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* An experiment of six seeds with these claims, from line 5. */
#define CLAIM(text)                                                                                \
    "dataset: {name: blobs}\nbudget: {epochs: 1}\ngrid: {seed: [1, 2, 3, 4, 5, "                   \
    "6]}\nclaims:\n" text

static inline void plant_manifest(const char *experiment)
{
    json_t *manifest = json_pack("{s:s, s:s, s:b}", "experiment", "planted", "experiment_text",
                                 experiment, "quick", 0);

    assert_int_equal(json_dump_file(manifest, scratch_path("manifest.json"), 0), 0);
    json_decref(manifest);
}

static struct verdicts verdicts;
static struct ruling *rulings;
static size_t ruling_count;

static inline void judge(void)
{
    if (verdicts_open(&verdicts, scratch_folder, NULL) != 0)
        fail_msg("%s", error_text());
    assert_int_equal(rulings_make(&verdicts, 1, &rulings, &ruling_count), 0);
}

static inline void forget(void)
{
    verdicts_close(&verdicts);
    free(rulings);
    rulings = NULL;
}

static inline void assert_ruled(const char *id, enum verdict verdict, int delivered)
{
    for (size_t r = 0; r < ruling_count; r++)
        if (strcmp(rulings[r].id, id) == 0) {
            if (rulings[r].verdict != verdict || rulings[r].is_delivered != delivered)
                fail_msg("%s: %s, delivered %d (%s), expected %s, %d", id,
                         verdict_names[rulings[r].verdict], rulings[r].is_delivered,
                         rulings[r].deciding->reason, verdict_names[verdict], delivered);
            return;
        }
    fail_msg("no ruling on %s", id);
}

static inline const struct judgement *deciding_of(const char *id)
{
    for (size_t r = 0; r < ruling_count; r++)
        if (strcmp(rulings[r].id, id) == 0)
            return rulings[r].deciding;
    fail_msg("no ruling on %s", id);
    return NULL;
}

static inline const char *reason_of(const char *id)
{
    return deciding_of(id)->reason;
}

#endif
