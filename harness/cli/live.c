/* What the cells so far have come to, K by K. */
#include "cli/live.h"

#include "base/error.h"
#include "base/table.h"

#include <limits.h>
#include <math.h>
#include <string.h>

/* NAN where the column is not there, or empty. */
static double number_of(struct table *row, const char *column)
{
    const double *values = table_has(row, column) ? table_numbers(row, column) : NULL;

    return values ? values[0] : (double)NAN;
}

static int is_throughput(const struct live *live)
{
    return live->experiment->measure == MEASURE_THROUGHPUT;
}

/* What the cell is compared by. */
static void judge(const struct live *live, struct table *row, struct live_best *found)
{
    static const char *const ends[] = {"final_validation_error", "final_validation_loss",
                                       "final_train_loss"};

    if (is_throughput(live)) {
        found->value = number_of(row, "examples_per_second");
        return;
    }
    found->value = 0;
    for (int t = 0; t < live->experiment->target_count; t++) {
        char column[96];
        double seconds;

        snprintf(column, sizeof column, "seconds_to_%s", live->experiment->targets[t].name);
        seconds = number_of(row, column);
        if (isfinite(seconds)) {
            found->reached++;
            found->value = fmax(found->value, seconds);
        }
    }
    if (found->reached > 0)
        return;
    found->value = (double)NAN;
    for (size_t e = 0; e < sizeof ends / sizeof *ends && !isfinite(found->value); e++)
        found->value = number_of(row, ends[e]);
}

static int is_better(const struct live *live, const struct live_best *a, const struct live_best *b)
{
    if (!isfinite(a->value) || !isfinite(b->value))
        return isfinite(a->value) && !isfinite(b->value);
    if (a->reached != b->reached)
        return a->reached > b->reached;
    return is_throughput(live) ? a->value > b->value : a->value < b->value;
}

/* The place of that K, made where there is none yet; NULL: there are too many. */
static struct live_best *place_of(struct live *live, int batch_size, int full)
{
    int at = 0;

    while (at < live->count && live->best[at].batch_size < batch_size)
        at++;
    if (at < live->count && live->best[at].batch_size == batch_size)
        return &live->best[at];
    if (live->count == LIVE_MAX)
        return NULL;
    memmove(&live->best[at + 1], &live->best[at],
            (size_t)(live->count - at) * sizeof live->best[0]);
    live->count++;
    live->best[at] =
        (struct live_best){.batch_size = batch_size, .full = full, .value = (double)NAN};
    return &live->best[at];
}

void live_take(struct live *live, const struct cell *cell)
{
    char path[PATH_MAX];
    struct table *row = NULL;
    struct live_best *best =
        place_of(live, cell->batch_size, cell->settings.batch_size == BATCH_SIZE_FULL);
    struct live_best found = {.rate = cell->rate};

    if (!best)
        return;
    best->cells++;
    snprintf(path, sizeof path, "%s/cells/%s/cell.csv", live->results, cell->id);
    if (table_open(&row, path) == 0 && table_rows(row) == 1) {
        judge(live, row, &found);
        if (is_better(live, &found, best)) {
            best->reached = found.reached;
            best->value = found.value;
            best->rate = found.rate;
        }
    }
    table_close(row);
}

/* ---- Words ------------------------------------------------------------------------------------
 */

static void name_batch(const struct live_best *best, char *text, size_t size)
{
    if (best->full)
        snprintf(text, size, "K = full");
    else
        snprintf(text, size, "K = %d", best->batch_size);
}

static void name_value(const struct live *live, const struct live_best *best, char *text,
                       size_t size)
{
    if (!isfinite(best->value))
        snprintf(text, size, "-");
    else if (is_throughput(live))
        snprintf(text, size, "%.3g/s", best->value);
    else if (best->reached > 0)
        snprintf(text, size, "%.3g s", best->value);
    else
        snprintf(text, size, "(%.3g)", best->value);
}

void live_line(const struct live *live, int width, char *text, size_t size)
{
    size_t used = (size_t)snprintf(text, size, "best so far: ");
    int any = 0;

    for (int i = 0; i < live->count; i++) {
        char batch[32], value[32], part[80];

        if (!isfinite(live->best[i].value))
            continue;
        name_batch(&live->best[i], batch, sizeof batch);
        name_value(live, &live->best[i], value, sizeof value);
        snprintf(part, sizeof part, "%s%s %s", any ? ", " : "", batch, value);
        if ((int)(used + strlen(part)) > width || used + strlen(part) >= size)
            break;
        used += (size_t)snprintf(text + used, size - used, "%s", part);
        any = 1;
    }
    if (!any)
        text[0] = '\0';
}

/* The share of the bar's width: logarithmic, for a K may be a hundred times slower than another. */
static double share_of(const struct live *live, const struct live_best *best)
{
    double low = INFINITY, high = 0;

    for (int i = 0; i < live->count; i++)
        if (live->best[i].value > 0 && (live->best[i].reached > 0) == (best->reached > 0)) {
            low = fmin(low, live->best[i].value);
            high = fmax(high, live->best[i].value);
        }
    low /= 2;
    return best->value > 0 && high > low ? log(best->value / low) / log(high / low) : 0;
}

int live_chart(const struct live *live, FILE *out, const struct terminal *terminal)
{
    enum { BESIDE = 50 };
    int width = terminal->width - BESIDE - 1, lines = 1;

    if (live->count == 0)
        return 0;
    fprintf(out, "%.*s\n", terminal->width - 1,
            is_throughput(live) ? "Best so far of each K: examples per second"
            : live->experiment->target_count > 0
                ? "Best so far of each K: s to its last target; (error) at the end: none reached"
                : "Best so far of each K: (error) or (loss) at the end");
    for (int i = 0; i < live->count; i++, lines++) {
        const struct live_best *best = &live->best[i];
        char batch[32], value[32];

        name_batch(best, batch, sizeof batch);
        name_value(live, best, value, sizeof value);
        fprintf(out, "%-10s %10s ", batch, value);
        if (width > 0) {
            terminal_colour(out, terminal, best->reached > 0 || is_throughput(live) ? 3 : 5);
            terminal_bar(out, terminal, width * share_of(live, best), width);
            terminal_plain(out, terminal);
        }
        fprintf(out, " rate %-8.3g %4d cell%s\n", best->rate, best->cells,
                best->cells == 1 ? "" : "s");
    }
    return lines;
}
