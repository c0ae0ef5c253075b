/* Counts as one line of text. */
#include "gate/counts.h"

#include "base/error.h"
#include "plan/schema.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

const struct count_name count_names[COUNT_QUANTITIES] = {
    [COUNT_FLOPS] = {"flops", "FLOP", "FLOPs by the formula"},
    [COUNT_GRADIENT_CALLS] = {"gradient_calls", "", "calls of gradient"},
    [COUNT_GRADIENT_EXAMPLES] = {"gradient_examples", "examples", "examples in them"},
    [COUNT_STEP_CALLS] = {"sgd_step_calls", "", "calls of sgd_step"},
    [COUNT_STEP_EXAMPLES] = {"sgd_step_examples", "examples", "examples in them"},
    [COUNT_LOSS_CALLS] = {"loss_calls", "", "calls of loss"},
    [COUNT_LOSS_EXAMPLES] = {"loss_examples_called", "examples", "examples in them"},
    [COUNT_NORM_CALLS] = {"gradient_norms_calls", "", "calls of gradient_norms"},
    [COUNT_NORM_EXAMPLES] = {"gradient_norms_examples", "examples", "examples in them"},
    [COUNT_OPEN_ALLOCATIONS] = {"open_allocations", "", "allocations before the first update"},
    [COUNT_OPEN_BYTES] = {"open_bytes", "bytes", "bytes taken before the first update"},
    [COUNT_FIRST_ALLOCATIONS] = {"first_allocations", "", "allocations in the first update"},
    [COUNT_FIRST_BYTES] = {"first_bytes", "bytes", "bytes taken in the first update"},
    [COUNT_STEADY_ALLOCATIONS] = {"steady_allocations", "", "allocations after the first update"},
    [COUNT_STEADY_BYTES] = {"steady_bytes", "bytes", "bytes taken after the first update"},
    [COUNT_RETAINED_BYTES] = {"retained_bytes", "bytes", "bytes held after closing"},
    [COUNT_PEAK_BYTES] = {"peak_bytes", "bytes", "peak resident memory above the start"},
    [COUNT_PEAK_RUSAGE_BYTES] = {"peak_rusage_bytes", "bytes", "the same by getrusage"},
    [COUNT_UPDATES_TO_TARGET] = {"updates_to_target", "updates", "updates to the target"},
    [COUNT_FIRST_LOSS] = {"first_loss", "", "loss after the first update"},
    [COUNT_FINAL_LOSS] = {"final_loss", "", "loss after the counted updates"},
};

/* What was done: names and numbers that come before the quantities. */
struct line_text {
    const char *key;
    size_t offset, size;
};

static const struct line_text texts[] = {
    {"engine", offsetof(struct counts, engine), sizeof(((struct counts *)0)->engine)},
    {"network", offsetof(struct counts, network), sizeof(((struct counts *)0)->network)},
};

static const struct {
    const char *key;
    size_t offset;
} numbers[] = {
    {"batch_size", offsetof(struct counts, batch_size)},
    {"threads", offsetof(struct counts, threads)},
    {"parameters", offsetof(struct counts, parameters)},
    {"flops_per_example", offsetof(struct counts, flops_per_example)},
    {"updates", offsetof(struct counts, updates)},
    {"learning_rate", offsetof(struct counts, learning_rate)},
    {"seed", offsetof(struct counts, seed)},
    {"loss_examples", offsetof(struct counts, loss_examples)},
};

enum {
    TEXTS = sizeof texts / sizeof *texts,
    NUMBERS = sizeof numbers / sizeof *numbers,
    WORD_MAX = 1024
};

/* First of a line, so that it is known for one. */
static const char first_word[] = "counts=1";

/* ---- Writing --------------------------------------------------------------------------------- */

/* Blanks, control characters and the sign itself as %XX. */
static void print_text(FILE *file, const char *text)
{
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;

        if (c <= ' ' || c == '%' || c == 0x7f)
            fprintf(file, "%%%02X", c);
        else
            fputc(c, file);
    }
}

static void print_number(FILE *file, const char *key, double value)
{
    char text[32];

    format_double(value, text, sizeof text);
    fprintf(file, " %s=%s", key, text);
}

void counts_print(FILE *file, const struct counts *counts)
{
    fputs(first_word, file);
    for (size_t i = 0; i < TEXTS; i++) {
        fprintf(file, " %s=", texts[i].key);
        print_text(file, (const char *)counts + texts[i].offset);
    }
    for (size_t i = 0; i < NUMBERS; i++)
        print_number(file, numbers[i].key,
                     *(const double *)((const char *)counts + numbers[i].offset));
    for (int q = 0; q < COUNT_QUANTITIES; q++)
        if (counts->of[q].known)
            print_number(file, count_names[q].key, counts->of[q].value);
    fputc('\n', file);
}

/* ---- Reading --------------------------------------------------------------------------------- */

static int read_number(const char *key, const char *text, double *value)
{
    char *end;

    *value = strtod(text, &end);
    if (end == text || *end)
        return error_set("counts: %s=%.64s: not a number", key, text);
    return 0;
}

static int hexadecimal(char c)
{
    static const char digits[] = "0123456789ABCDEF";
    const char *at = c ? strchr(digits, c) : NULL;

    return at ? (int)(at - digits) : -1;
}

static int read_text(const struct line_text *field, const char *text, char *into)
{
    size_t length = 0;

    for (; *text; text++) {
        int c = (unsigned char)*text;

        if (c == '%') {
            int high = hexadecimal(text[1]), low = high < 0 ? -1 : hexadecimal(text[2]);

            if (low < 0)
                return error_set("counts: %s: '%%' without two hexadecimal digits", field->key);
            c = 16 * high + low;
            text += 2;
        }
        if (length + 1 >= field->size)
            return error_set("counts: %s: longer than %zu bytes", field->key, field->size - 1);
        into[length++] = (char)c;
    }
    into[length] = '\0';
    return 0;
}

/* What the quantity can be at all. */
static int is_possible(enum count_quantity quantity, double value)
{
    switch (quantity) {
    case COUNT_FIRST_LOSS:
    case COUNT_FINAL_LOSS:
        return 1;
    case COUNT_RETAINED_BYTES:
        return isfinite(value);
    case COUNT_UPDATES_TO_TARGET:
        return value > 0; /* +infinity too */
    default:
        return value >= 0 && isfinite(value);
    }
}

/* Which fields the line had so far. */
struct seen {
    int texts[TEXTS], numbers[NUMBERS], quantities[COUNT_QUANTITIES];
};

static int once(int *seen, const char *key)
{
    return (*seen)++ ? error_set("counts: `%s` twice", key) : 0;
}

static int read_quantity(struct counts *counts, int quantity, const char *text)
{
    const char *key = count_names[quantity].key;
    struct count *count = &counts->of[quantity];

    if (read_number(key, text, &count->value) != 0)
        return -1;
    count->known = is_possible((enum count_quantity)quantity, count->value);
    return count->known ? 0 : error_set("counts: %s=%.64s: no possible value", key, text);
}

static int read_field(struct counts *counts, struct seen *seen, const char *key, const char *text)
{
    for (size_t i = 0; i < TEXTS; i++)
        if (strcmp(key, texts[i].key) == 0)
            return once(&seen->texts[i], key) != 0
                       ? -1
                       : read_text(&texts[i], text, (char *)counts + texts[i].offset);
    for (size_t i = 0; i < NUMBERS; i++)
        if (strcmp(key, numbers[i].key) == 0)
            return once(&seen->numbers[i], key) != 0
                       ? -1
                       : read_number(key, text, (double *)((char *)counts + numbers[i].offset));
    for (int q = 0; q < COUNT_QUANTITIES; q++)
        if (strcmp(key, count_names[q].key) == 0)
            return once(&seen->quantities[q], key) != 0 ? -1 : read_quantity(counts, q, text);
    return 0; /* a newer program's */
}

static int read_word(struct counts *counts, struct seen *seen, const char *word, size_t length)
{
    char copy[WORD_MAX], *equals;

    if (length >= sizeof copy)
        return error_set("counts: a field of %zu bytes", length);
    memcpy(copy, word, length);
    copy[length] = '\0';
    equals = strchr(copy, '=');
    if (!equals)
        return error_set("counts: '%.64s': expected key=value", copy);
    *equals = '\0';
    return read_field(counts, seen, copy, equals + 1);
}

int counts_parse(struct counts *counts, const char *line)
{
    static const char blanks[] = " \t\r\n";
    size_t length = strcspn(line, blanks);
    struct seen seen = {{0}, {0}, {0}};

    memset(counts, 0, sizeof *counts);
    for (size_t i = 0; i < NUMBERS; i++)
        *(double *)((char *)counts + numbers[i].offset) = NAN;
    if (length != strlen(first_word) || memcmp(line, first_word, length) != 0)
        return error_set("'%.64s': not a line of counts, expected %s ...", line, first_word);
    for (;;) {
        line += length;
        line += strspn(line, blanks);
        length = strcspn(line, blanks);
        if (length == 0)
            return 0;
        if (read_word(counts, &seen, line, length) != 0)
            return -1;
    }
}
