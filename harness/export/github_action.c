/* github-action-benchmark's custom tools (its src/extract.ts): an array of entries, one direction a
 * file. Units never change from run to run, since it takes unknown ones for equal. */
#include "export/json.h"
#include "export/numbers.h"
#include "export/writers.h"

#include <math.h>
#include <stdlib.h>

/* "± 9.100": to the farther end of the interval; the only shape that it scales with the value, and
 * only with two characters or more after the sign. */
static int put_range(json_t *entry, double value, double low, double high)
{
    char text[64];
    double range = fmax(high - value, value - low);

    if (!isfinite(low) || !isfinite(high) || !(range >= 0) || !isfinite(range))
        return 0;
    snprintf(text, sizeof text, "± %#.4g", range);
    return put_text(entry, "range", text);
}

/* The tooltip. */
static int put_extra(json_t *entry, const struct exported_case *timed,
                     const struct numbers *numbers, double confidence)
{
    size_t length;
    char *text = NULL;
    FILE *out = open_memstream(&text, &length);
    int status;

    if (!out)
        return put_value(entry, "extra", NULL);
    fprintf(out, "median of %zu, fastest %.6g us", numbers->count, 1e6 * numbers->least);
    if (isfinite(numbers->low))
        fprintf(out, "\n%.4g %% interval %.6g to %.6g us", 100 * confidence, 1e6 * numbers->low,
                1e6 * numbers->high);
    fprintf(out, "\nthreads: %d", timed->threads);
    if (timed->label)
        fprintf(out, "\n%s", timed->label);
    status = fclose(out) == 0 ? put_text(entry, "extra", text) : put_value(entry, "extra", NULL);
    free(text);
    return status;
}

static int append_case(json_t *list, const struct export *export, const struct exported_case *timed,
                       bool bigger, struct export_tally *tally)
{
    struct numbers numbers;
    double confidence = export_confidence(export), scale = timed->examples_per_iteration;
    json_t *entry;
    int status = 0;

    if (numbers_of(&numbers, timed, confidence) != 0)
        return -1;
    if (numbers.count == 0 || (bigger && !isfinite(numbers.examples_per_second))) {
        tally->left_out++;
        return 0;
    }
    entry = json_object();
    status |= put_text(entry, "name", timed->name);
    status |= put_text(entry, "unit", bigger ? "examples/s" : "us/update");
    if (bigger) {
        status |= put_number(entry, "value", numbers.examples_per_second);
        status |= put_range(entry, numbers.examples_per_second, scale / numbers.high,
                            scale / numbers.low);
    } else {
        status |= put_number(entry, "value", 1e6 * numbers.median);
        status |= put_range(entry, 1e6 * numbers.median, 1e6 * numbers.low, 1e6 * numbers.high);
    }
    status |= put_extra(entry, timed, &numbers, confidence);
    tally->written++;
    return append_value(list, entry) | status;
}

static int append_number(json_t *list, const struct exported_value *value,
                         struct export_tally *tally)
{
    char *name = NULL;
    json_t *entry;
    int status = 0;

    if (!isfinite(value->value)) {
        tally->left_out++;
        return 0;
    }
    entry = json_object();
    if (asprintf(&name, "%s/%s", value->name, value->measure) < 0)
        name = NULL;
    status |= name ? put_text(entry, "name", name) : put_value(entry, "name", NULL);
    status |= put_text(entry, "unit", value->unit ? value->unit : "");
    status |= put_number(entry, "value", value->value);
    status |= put_range(entry, value->value, value->low, value->high);
    free(name);
    tally->written++;
    return append_value(list, entry) | status;
}

static int write_entries(const struct export *export, FILE *file, bool bigger,
                         struct export_tally *tally)
{
    json_t *list = json_array();
    int status = 0;

    for (size_t c = 0; c < export->case_count && status == 0; c++)
        status = append_case(list, export, &export->cases[c], bigger, tally);
    for (size_t v = 0; v < export->value_count && status == 0; v++)
        if (export->values[v].higher_is_better == bigger)
            status = append_number(list, &export->values[v], tally);
    if (status == 0)
        status = write_json(file, list);
    json_decref(list);
    return status;
}

int write_action_smaller(const struct export *export, FILE *file, struct export_tally *tally)
{
    return write_entries(export, file, false, tally);
}

int write_action_bigger(const struct export *export, FILE *file, struct export_tally *tally)
{
    return write_entries(export, file, true, tally);
}
