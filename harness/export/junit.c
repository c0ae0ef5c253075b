/* JUnit XML, valid by junit-10.xsd of Jenkins' xUnit plugin: that knows properties of a suite
 * alone, so numbers stand there, named CELL/NUMBER, and as text in the test case. */
#include "base/error.h"
#include "export/judged.h"
#include "export/numbers.h"
#include "export/text.h"
#include "export/writers.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct suite {
    const struct export *export;
    FILE *properties, *cases; /* in memory: the counts stand before both */
    size_t tests, failures, errors, skipped;
    double seconds;
};

/* ---- Parts ------------------------------------------------------------------------------------
 */

static void attribute(FILE *file, const char *name, const char *text)
{
    fprintf(file, " %s=\"", name);
    text_xml(file, text);
    fputc('"', file);
}

static void property(FILE *file, const char *cell, const char *name, const char *value)
{
    if (!value || !value[0])
        return;
    fputs("   <property name=\"", file);
    if (cell) {
        text_xml(file, cell);
        fputc('/', file);
    }
    text_xml(file, name);
    fputc('"', file);
    attribute(file, "value", value);
    fputs("/>\n", file);
}

static void number(FILE *file, const char *cell, const char *name, double value)
{
    char text[32];

    if (!isfinite(value))
        return;
    snprintf(text, sizeof text, "%.9g", value);
    property(file, cell, name, text);
}

/* Seconds with a fixed point: the schema knows no exponents. */
static void begin_case(struct suite *suite, const char *kind, const char *name, double seconds)
{
    fputs("  <testcase", suite->cases);
    attribute(suite->cases, "classname", kind);
    attribute(suite->cases, "name", name);
    if (isfinite(seconds) && seconds < 1e9) {
        fprintf(suite->cases, " time=\"%.6f\"", seconds);
        suite->seconds += seconds;
    }
    fputs(">\n", suite->cases);
    suite->tests++;
}

static void outcome(struct suite *suite, const char *element, const char *type, const char *message)
{
    fprintf(suite->cases, "   <%s", element);
    attribute(suite->cases, "type", type);
    attribute(suite->cases, "message", message);
    fputs("/>\n", suite->cases);
    if (strcmp(element, "failure") == 0)
        suite->failures++;
    else if (strcmp(element, "error") == 0)
        suite->errors++;
    else
        suite->skipped++;
}

static void end_case(struct suite *suite, const char *text)
{
    fputs("   <system-out>", suite->cases);
    text_xml(suite->cases, text);
    fputs("</system-out>\n  </testcase>\n", suite->cases);
}

/* ---- Test cases -------------------------------------------------------------------------------
 */

static void judge(struct suite *suite, enum judged judged, const char *message)
{
    if (judged_fails(judged, suite->export->strict))
        outcome(suite, "failure", judged_name(judged), message);
    else if (judged == JUDGED_INCONCLUSIVE)
        outcome(suite, "skipped", judged_name(judged), message);
}

static int side_numbers(const struct suite *suite, const struct exported_ratio *ratio, int head,
                        struct numbers *numbers)
{
    const struct exported_case *timed = head ? ratio->head : ratio->base;
    static const struct exported_case none;

    return numbers_of(numbers, timed ? timed : &none, export_confidence(suite->export));
}

static int add_ratio(struct suite *suite, const struct exported_ratio *ratio)
{
    enum judged judged = judged_of(ratio->verdict);
    struct numbers base, head;
    char message[2048], interval[128];
    FILE *properties = suite->properties;

    if (side_numbers(suite, ratio, 0, &base) != 0 || side_numbers(suite, ratio, 1, &head) != 0)
        return -1;
    ratio_text(ratio, interval, sizeof interval);
    snprintf(message, sizeof message, "%s: time of head / base %s%s%s", judged_name(judged),
             interval, ratio->reason ? "; " : "", ratio->reason ? ratio->reason : "");
    begin_case(suite, suite->export->suite, ratio->name, base.total_seconds + head.total_seconds);
    judge(suite, judged, message);
    end_case(suite, message);
    property(properties, ratio->name, "verdict", judged_name(judged));
    number(properties, ratio->name, "ratio", ratio->ratio);
    number(properties, ratio->name, "ratio_low", ratio->low);
    number(properties, ratio->name, "ratio_high", ratio->high);
    number(properties, ratio->name, "floor", ratio->floor);
    number(properties, ratio->name, "base_seconds_per_update", base.median);
    number(properties, ratio->name, "head_seconds_per_update", head.median);
    return 0;
}

/* Nobody compared it: it ran, or it did not. */
static int add_case(struct suite *suite, const struct exported_case *timed)
{
    struct numbers numbers;
    FILE *properties = suite->properties;

    if (numbers_of(&numbers, timed, export_confidence(suite->export)) != 0)
        return -1;
    begin_case(suite, suite->export->suite, timed->name, numbers.total_seconds);
    if (numbers.count == 0)
        outcome(suite, timed->skipped ? "skipped" : "error",
                timed->skipped ? "unsupported" : "no numbers", case_error(timed));
    end_case(suite, timed->label);
    number(properties, timed->name, "seconds_per_update", numbers.median);
    number(properties, timed->name, "seconds_per_update_low", numbers.low);
    number(properties, timed->name, "seconds_per_update_high", numbers.high);
    number(properties, timed->name, "examples_per_second", numbers.examples_per_second);
    number(properties, timed->name, "gflops", numbers.gflops);
    return 0;
}

/* "none" where it is not finite. */
static void number_text(double value, char text[32])
{
    if (isfinite(value))
        snprintf(text, 32, "%.17g", value);
    else
        snprintf(text, 32, "none");
}

static void add_count(struct suite *suite, const struct exported_count *count)
{
    enum judged judged = judged_of(count->verdict);
    char message[2048], name[1024], base[32], head[32];

    number_text(count->base, base);
    number_text(count->head, head);
    snprintf(message, sizeof message, "%s: %s %s, base %s%s%s", judged_name(judged),
             count->quantity, head, base, count->reason ? "; " : "",
             count->reason ? count->reason : "");
    snprintf(name, sizeof name, "%s/%s", count->name, count->quantity);
    begin_case(suite, suite->export->suite, name, NAN);
    judge(suite, judged, message);
    end_case(suite, message);
    number(suite->properties, name, "base", count->base);
    number(suite->properties, name, "head", count->head);
}

static int add_all(struct suite *suite)
{
    const struct export *export = suite->export;
    int status = 0;

    property(suite->properties, NULL, "cpu", export->cpu);
    property(suite->properties, NULL, "commit", export->commit);
    property(suite->properties, NULL, "library_version", export->library_version);
    property(suite->properties, NULL, "build_type", export->build_type);
    for (size_t c = 0; c < export->custom_count; c++)
        property(suite->properties, NULL, export->custom[c].key, export->custom[c].value);
    for (size_t r = 0; r < export->ratio_count && status == 0; r++)
        status = add_ratio(suite, &export->ratios[r]);
    for (size_t c = 0; c < export->case_count && status == 0; c++)
        if (case_is_alone(export, &export->cases[c]))
            status = add_case(suite, &export->cases[c]);
    for (size_t c = 0; c < export->count_count && status == 0; c++)
        add_count(suite, &export->counts[c]);
    for (size_t v = 0; v < export->value_count && status == 0; v++)
        number(suite->properties, export->values[v].name, export->values[v].measure,
               export->values[v].value);
    return status;
}

/* ---- The file ---------------------------------------------------------------------------------
 */

/* Attributes of both elements; the schema knows `skipped` of the inner one alone. */
static void write_head(FILE *file, const struct suite *suite, const char *element)
{
    fprintf(file, "<%s", element);
    attribute(file, "name", suite->export->suite);
    fprintf(file, " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" time=\"%.6f\"", suite->tests,
            suite->failures, suite->errors, suite->seconds);
}

static void write_suite(FILE *file, const struct suite *suite, const char *properties,
                        const char *cases)
{
    fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n", file);
    write_head(file, suite, "testsuites");
    fputs(">\n ", file);
    write_head(file, suite, "testsuite");
    fprintf(file, " skipped=\"%zu\"", suite->skipped);
    if (suite->export->date)
        attribute(file, "timestamp", suite->export->date);
    if (suite->export->host)
        attribute(file, "hostname", suite->export->host);
    fprintf(file, ">\n  <properties>\n%s  </properties>\n%s </testsuite>\n</testsuites>\n",
            properties, cases);
}

int write_junit(const struct export *export, FILE *file, struct export_tally *tally)
{
    char *properties = NULL, *cases = NULL;
    size_t lengths[2];
    struct suite suite = {.export = export,
                          .properties = open_memstream(&properties, &lengths[0]),
                          .cases = open_memstream(&cases, &lengths[1])};
    int status = suite.properties && suite.cases ? 0 : -1;

    if (status == 0)
        status = add_all(&suite);
    if ((suite.properties && fclose(suite.properties) != 0) ||
        (suite.cases && fclose(suite.cases) != 0) || !properties || !cases)
        status = error_set("out of memory for JUnit XML");
    if (status == 0)
        write_suite(file, &suite, properties, cases);
    tally->written = suite.tests;
    free(properties);
    free(cases);
    return status;
}
