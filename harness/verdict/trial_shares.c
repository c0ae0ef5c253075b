/* The test of main factors: what they account for of the variance of log y over a full grid, alone
 * and together, against each rival.
 *
 * A rival's share may be told in two ways: what it does by itself, or that and all interactions it
 * has a part in. The claim is confirmed against the larger and refuted against the smaller. */
#include "verdict/trial.h"

#include "base/error.h"
#include "judge/shares.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { RESAMPLES = 1000, LEVELS_MAX = 64 };

static const double confidence = 0.95;

/* log y of every combination: factors, rivals, and the seed last. */
struct factorial {
    const struct claim *claim;
    size_t factors; /* with rivals and the seed */
    const char *columns[SHARES_FACTORS];
    const char *names[SHARES_FACTORS][LEVELS_MAX]; /* of levels, borrowed from the table */
    size_t levels[SHARES_FACTORS];
    double *values; /* [levels...], the seed fastest */
    size_t cells;   /* without the seed */
    double *kept;   /* scratch of values without a seed */
    size_t rival;   /* that is asked for */
    int with_interactions;
};

static void factorial_close(struct factorial *grid)
{
    free(grid->values);
    free(grid->kept);
}

/* ---- Reading ----------------------------------------------------------------------------------
 */

static int find_level(const struct evidence *evidence, struct factorial *grid, size_t factor,
                      size_t row, size_t *level)
{
    const char *text = evidence_text(evidence, grid->columns[factor], row);

    if (!text)
        return -1;
    for (*level = 0; *level < grid->levels[factor]; ++*level)
        if (strcmp(grid->names[factor][*level], text) == 0)
            return 0;
    if (*level == LEVELS_MAX)
        return error_set("%s: more than %d values of %s", table_path(evidence->table), LEVELS_MAX,
                         grid->columns[factor]);
    grid->names[factor][grid->levels[factor]++] = text;
    return 0;
}

static int place_of(const struct evidence *evidence, struct factorial *grid, size_t row,
                    size_t *place)
{
    *place = 0;
    for (size_t f = 0; f < grid->factors; f++) {
        size_t level;

        if (find_level(evidence, grid, f, row, &level) != 0)
            return -1;
        *place = *place * grid->levels[f] + level;
    }
    return 0;
}

/* log y, at most the ceiling; infinite where it diverged and there is none. */
static int read_value(const struct evidence *evidence, const struct claim *claim, size_t row,
                      double *value)
{
    if (evidence_value(evidence, claim, row, value) != 0)
        return -1;
    if (evidence_is_infeasible(evidence, row) && !evidence_has_failed(evidence, row))
        *value = INFINITY; /* whatever number it stopped at */
    if (!isnan(*value))
        *value = log(fmin(*value, claim->ceiling));
    return 0;
}

static int fill(struct trial *trial, const struct evidence *evidence, struct factorial *grid,
                const struct rows *rows)
{
    for (size_t i = 0; i < rows->count; i++) {
        size_t row = rows->list[i], place;
        double value, seconds = 0;

        if (place_of(evidence, grid, row, &place) != 0 ||
            read_value(evidence, grid->claim, row, &value) != 0)
            return -1;
        if (!isnan(grid->values[place]))
            return error_set("%s:%zu: several rows for one combination of factors, rivals and "
                             "seed, expected one: `where`, `each` or `rivals` must tell them apart",
                             table_path(evidence->table), table_line(evidence->table, row));
        grid->values[place] = value;
        trial->infeasible += (size_t)evidence_is_infeasible(evidence, row);
        trial->on_edge += (size_t)evidence_on_edge(evidence, row);
        if (table_has(evidence->results->cells, "wall_seconds") &&
            evidence_number(evidence, "wall_seconds", row, &seconds) == 0 && seconds > 0)
            trial->hours += seconds / 3600;
    }
    return 0;
}

static void name_factors(struct factorial *grid, const struct claim *claim)
{
    for (int f = 0; f < claim->factors.count; f++)
        grid->columns[grid->factors++] = claim->factors.names[f];
    for (int r = 0; r < claim->rivals.count; r++)
        grid->columns[grid->factors++] = claim->rivals.names[r];
    grid->columns[grid->factors++] = "seed";
}

static int factorial_open(struct trial *trial, const struct evidence *evidence,
                          const struct claim *claim, const struct rows *rows,
                          struct factorial *grid)
{
    size_t size, place;

    *grid = (struct factorial){.claim = claim, .cells = 1};
    name_factors(grid, claim);
    for (size_t i = 0; i < rows->count; i++) /* the levels first */
        if (place_of(evidence, grid, rows->list[i], &place) != 0)
            return -1;
    for (size_t f = 0; f + 1 < grid->factors; f++)
        grid->cells *= grid->levels[f];
    size = grid->cells * grid->levels[grid->factors - 1];
    if (size > 100 * (rows->count + 100)) /* far from a full grid: not worth its memory */
        size = 0;
    grid->values = calloc(size + 1, sizeof *grid->values);
    grid->kept = calloc(size + 1, sizeof *grid->kept);
    if (!grid->values || !grid->kept)
        return error_set("out of memory for the shares of a claim");
    for (size_t i = 0; i < size; i++)
        grid->values[i] = NAN;
    return size == 0 ? 1 : fill(trial, evidence, grid, rows);
}

/* Keeps the seeds that have every combination. Returns how many are left out. */
static size_t leave_incomplete(struct factorial *grid)
{
    size_t *seeds = &grid->levels[grid->factors - 1], all = *seeds, kept = 0;

    for (size_t s = 0; s < all; s++) {
        int is_complete = 1;

        for (size_t i = 0; i < grid->cells; i++)
            is_complete &= !isnan(grid->values[i * all + s]);
        if (!is_complete)
            continue;
        for (size_t i = 0; i < grid->cells; i++)
            grid->kept[kept * grid->cells + i] = grid->values[i * all + s];
        kept++;
    }
    for (size_t s = 0; s < kept; s++)
        for (size_t i = 0; i < grid->cells; i++)
            grid->values[i * kept + s] = grid->kept[s * grid->cells + i];
    *seeds = kept;
    return all - kept;
}

/* ---- Judging ----------------------------------------------------------------------------------
 */

/* values without one seed, in grid->kept. */
static void leave_out(const struct factorial *grid, size_t left_out, size_t *levels)
{
    size_t seeds = grid->levels[grid->factors - 1], next = 0;

    memcpy(levels, grid->levels, sizeof grid->levels);
    levels[grid->factors - 1] -= left_out < seeds;
    for (size_t i = 0; i < grid->cells * seeds; i++)
        if (i % seeds != left_out)
            grid->kept[next++] = grid->values[i];
}

static unsigned mask_of_factors(const struct factorial *grid)
{
    return (1u << grid->claim->factors.count) - 1;
}

/* What the factors account for, less the rival's share. */
static double advantage(const void *context, size_t left_out)
{
    const struct factorial *grid = context;
    size_t levels[SHARES_FACTORS];
    unsigned all = (1u << grid->factors) - 1, rival = 1u << grid->rival;
    double ours, theirs;

    leave_out(grid, left_out, levels);
    ours = shares_closed(grid->kept, levels, grid->factors, mask_of_factors(grid));
    theirs = grid->with_interactions
                 ? 1 - shares_closed(grid->kept, levels, grid->factors, all & ~rival)
                 : shares_closed(grid->kept, levels, grid->factors, rival);
    return ours - theirs;
}

static struct finding judge_rival(struct factorial *grid, size_t rival)
{
    const size_t seeds = grid->levels[grid->factors - 1];
    const struct range above_0 = {0, INFINITY};
    struct finding finding, alone;

    grid->rival = rival;
    grid->with_interactions = 1;
    finding = finding_of_jackknife(advantage, grid, seeds, above_0, 0);
    grid->with_interactions = 0;
    alone = finding_of_jackknife(advantage, grid, seeds, above_0, 0);
    if (alone.p_refute <= finding_alpha && finding.p_refute <= finding_alpha)
        finding.effect = alone.effect;
    finding.p_refute = alone.p_refute;
    return finding;
}

static const char *find_obstacle(const struct factorial *grid)
{
    const size_t seeds = grid->levels[grid->factors - 1];

    if (seeds == 0)
        return "no seed has every combination of factors and rivals";
    if (seeds < 3)
        return "fewer than three seeds have every combination";
    for (size_t i = 0; i < grid->cells * seeds; i++)
        if (!isfinite(grid->values[i]))
            return grid->values[i] > 0 ? "some cells diverged, and there is no ceiling"
                                       : "a value that is not above 0";
    if (isnan(shares_closed(grid->values, grid->levels, grid->factors, 1)))
        return "all values are equal";
    return NULL;
}

/* ---- Details ----------------------------------------------------------------------------------
 */

static int add_shares(struct trial *trial, const struct factorial *grid)
{
    const size_t factors = grid->factors, seeds = grid->levels[factors - 1];
    struct share_intervals shares =
        shares_bootstrap(grid->values, grid->levels, factors, confidence, RESAMPLES, 1);
    char of[256];

    for (size_t a = 0; a < factors; a++)
        if (details_add(&trial->details, "share", grid->columns[a], shares.main[a], seeds) != 0)
            return -1;
    for (size_t a = 0; a < factors; a++)
        for (size_t b = a + 1; b < factors; b++) {
            snprintf(of, sizeof of, "%s x %s", grid->columns[a], grid->columns[b]);
            if (details_add(&trial->details, "share", of, shares.pair[shares_pair(a, b, factors)],
                            seeds) != 0)
                return -1;
        }
    return details_add(&trial->details, "share", "of three and more", shares.residual, seeds);
}

static int add_totals(struct trial *trial, const struct factorial *grid)
{
    const size_t factors = grid->factors, seeds = grid->levels[factors - 1];
    const unsigned all = (1u << factors) - 1;
    double ours = shares_closed(grid->values, grid->levels, factors, mask_of_factors(grid)),
           largest = 0;
    const char *name = "";

    for (size_t r = (size_t)grid->claim->factors.count; r < factors; r++) {
        double total = 1 - shares_closed(grid->values, grid->levels, factors, all & ~(1u << r));

        if (details_add(&trial->details, "total_share", grid->columns[r], detail_value(total),
                        seeds) != 0)
            return -1;
        if (total > largest) {
            largest = total;
            name = grid->columns[r];
        }
    }
    snprintf(trial->note, sizeof trial->note,
             "the factors together %.3g of the variance; the largest rival, %s with all its "
             "interactions, %.3g",
             ours, name, largest);
    return details_add(&trial->details, "closed_share", "the factors together", detail_value(ours),
                       seeds);
}

static int judge(struct trial *trial, struct factorial *grid)
{
    struct finding findings[SHARES_FACTORS];
    const char *obstacle;
    size_t count = 0;

    trial->dropped = leave_incomplete(grid);
    trial->seeds = grid->levels[grid->factors - 1];
    obstacle = find_obstacle(grid);
    if (obstacle) {
        trial->finding = finding_of_nothing(obstacle);
        return 0;
    }
    for (size_t r = (size_t)grid->claim->factors.count; r < grid->factors; r++)
        findings[count++] = judge_rival(grid, r);
    trial->finding = finding_all(findings, count);
    return add_shares(trial, grid) == 0 ? add_totals(trial, grid) : -1;
}

int hold_shares(struct trial *trial, const struct evidence *evidence, const struct claim *claim,
                const struct rows *rows)
{
    struct factorial grid;
    int status = factorial_open(trial, evidence, claim, rows, &grid);

    if (status == 0)
        status = judge(trial, &grid);
    else if (status > 0) {
        trial->finding = finding_of_nothing("not a full grid of the factors and rivals");
        trial->seeds = 0;
        status = 0;
    }
    factorial_close(&grid);
    return status;
}
