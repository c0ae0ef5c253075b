/* Measurements for CTest and CDash (CMake's ctest_test, "Additional Test Measurements"): a line for
 * each on stdout of a test, from where `ctest -T Test` takes them. */
#include "export/judged.h"
#include "export/numbers.h"
#include "export/text.h"
#include "export/writers.h"

#include <math.h>

static void begin(FILE *file, const char *element, const char *type, const char *cell,
                  const char *quantity)
{
    fprintf(file, "<%s type=\"%s\" name=\"", element, type);
    text_xml(file, cell);
    if (quantity) {
        fputc(' ', file);
        text_xml(file, quantity);
    }
    fputs("\">", file);
}

/* Nine digits: what CDash draws. */
static void number(FILE *file, const char *cell, const char *quantity, double value,
                   struct export_tally *tally)
{
    if (!isfinite(value)) {
        tally->left_out++;
        return;
    }
    begin(file, "CTestMeasurement", "numeric/double", cell, quantity);
    fprintf(file, "%.9g</CTestMeasurement>\n", value);
    tally->written++;
}

static void text(FILE *file, const char *cell, const char *quantity, const char *value,
                 struct export_tally *tally)
{
    begin(file, "CTestMeasurement", "text/string", cell, quantity);
    text_xml(file, value);
    fputs("</CTestMeasurement>\n", file);
    tally->written++;
}

static int write_case(FILE *file, const struct export *export, const struct exported_case *timed,
                      struct export_tally *tally)
{
    struct numbers numbers;

    if (numbers_of(&numbers, timed, export_confidence(export)) != 0)
        return -1;
    if (numbers.count == 0) {
        text(file, timed->name, timed->skipped ? "skipped" : "error", case_error(timed), tally);
        return 0;
    }
    number(file, timed->name, "seconds_per_update", numbers.median, tally);
    if (timed->examples_per_iteration > 0)
        number(file, timed->name, "examples_per_second", numbers.examples_per_second, tally);
    if (timed->flops_per_iteration > 0)
        number(file, timed->name, "gflops", numbers.gflops, tally);
    return 0;
}

static void write_ratio(FILE *file, const struct exported_ratio *ratio, struct export_tally *tally)
{
    text(file, ratio->name, "verdict", ratio->verdict, tally);
    number(file, ratio->name, "ratio", ratio->ratio, tally);
    number(file, ratio->name, "ratio_low", ratio->low, tally);
    number(file, ratio->name, "ratio_high", ratio->high, tally);
}

/* CTest takes a file that is not there for a text that says so. */
static void write_figure(FILE *file, const struct exported_figure *figure,
                         struct export_tally *tally)
{
    begin(file, "CTestMeasurementFile", "image/png", figure->name, NULL);
    text_xml(file, figure->path);
    fputs("</CTestMeasurementFile>\n", file);
    tally->written++;
}

int write_ctest(const struct export *export, FILE *file, struct export_tally *tally)
{
    int status = 0;

    for (size_t c = 0; c < export->case_count && status == 0; c++)
        status = write_case(file, export, &export->cases[c], tally);
    for (size_t v = 0; v < export->value_count; v++)
        number(file, export->values[v].name, export->values[v].measure, export->values[v].value,
               tally);
    for (size_t r = 0; r < export->ratio_count; r++)
        write_ratio(file, &export->ratios[r], tally);
    for (size_t c = 0; c < export->count_count; c++)
        number(file, export->counts[c].name, export->counts[c].quantity, export->counts[c].head,
               tally);
    for (size_t f = 0; f < export->figure_count; f++)
        write_figure(file, &export->figures[f], tally);
    return status;
}
