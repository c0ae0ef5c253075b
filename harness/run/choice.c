/* Chooses engine and threads for cells that leave them open. */
#include "run/choice.h"

#include "base/child.h"
#include "base/error.h"
#include "base/file.h"
#include "base/table.h"
#include "registry.h"
#include "run/record.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

int choice_is_open(const struct settings *settings)
{
    return strcmp(settings->engine, ENGINE_AUTO) == 0 || settings->threads == THREADS_AUTO;
}

/* ---- Contenders -------------------------------------------------------------------------------
 */

/* Calls the function for each word between spaces. */
static int each_word(const char *words, int (*function)(void *context, const char *word),
                     void *context)
{
    char word[sizeof(((struct assignment *)0)->engine)];
    int status = 0, length;

    for (; *words && status == 0; words += length, words += strspn(words, " ")) {
        length = (int)strcspn(words, " ");
        snprintf(word, sizeof word, "%.*s", length, words);
        status = function(context, word);
    }
    return status;
}

int choice_each_engine(const struct cell *cell, int (*function)(void *context, const char *engine),
                       void *context)
{
    int status = 0;

    if (strcmp(cell->settings.engine, ENGINE_AUTO) != 0)
        return function(context, cell->settings.engine);
    for (const struct builtin_engine *b = registry_builtins(); b->name && status == 0; b++)
        status = each_word(b->contenders, function, context);
    return status;
}

struct entry {
    struct engine_choice *choice;
    int threads; /* as asked */
    const struct host *host;
};

static void add_contender(struct engine_choice *choice, const char *engine, int threads)
{
    struct contender *contender = &choice->contenders[choice->count];

    if (choice->count == CONTENDERS_MAX)
        return;
    snprintf(contender->assignment.engine, sizeof contender->assignment.engine, "%s", engine);
    contender->assignment.threads = threads;
    contender->examples_per_second = NAN;
    choice->count++;
}

/* The engine with the threads asked for; or with 1, 2, 4 and so on, and with all processors. */
static int enter_engine(void *context, const char *engine)
{
    const struct entry *entry = context;
    int asked = entry->threads, all = entry->host->processor_count;

    if (asked != THREADS_AUTO) {
        add_contender(entry->choice, engine, asked);
        return 0;
    }
    for (int threads = 1; threads < all; threads *= 2)
        add_contender(entry->choice, engine, threads);
    add_contender(entry->choice, engine, all);
    return 0;
}

static void hash_network(const struct network_spec *spec, char hash[16])
{
    char *text = NULL;
    size_t length = 0;
    FILE *file = open_memstream(&text, &length);

    if (file) {
        experiment_dump_network(file, spec);
        fclose(file);
    }
    snprintf(hash, 16, "%08lx", crc32(0, (const Bytef *)(text ? text : ""), (uInt)length));
    free(text);
}

/* As the grid writes it. */
static void format_setting(const char *key, const struct cell *cell, char *text, size_t size)
{
    for (const struct field *field = settings_fields; field->key; field++)
        if (strcmp(field->key, key) == 0)
            schema_format(field, &cell->settings, text, size);
}

static void ask(struct engine_choice *choice, const struct cell *cell, const struct host *host)
{
    struct entry entry = {choice, cell->settings.threads, host};

    memset(choice, 0, sizeof *choice);
    memcpy(choice->engine, cell->settings.engine, sizeof choice->engine);
    format_setting("threads", cell, choice->threads, sizeof choice->threads);
    format_setting("chunk", cell, choice->chunk, sizeof choice->chunk);
    memcpy(choice->network, cell->settings.network, sizeof choice->network);
    hash_network(cell->network, choice->network_hash);
    choice->batch_size = cell->batch_size;
    if (host)
        choice_each_engine(cell, enter_engine, &entry);
}

static int same_question(const struct engine_choice *a, const struct engine_choice *b)
{
    return strcmp(a->engine, b->engine) == 0 && strcmp(a->threads, b->threads) == 0 &&
           strcmp(a->chunk, b->chunk) == 0 && strcmp(a->network, b->network) == 0 &&
           strcmp(a->network_hash, b->network_hash) == 0 && a->batch_size == b->batch_size;
}

static struct engine_choice *find(const struct engine_choices *choices,
                                  const struct engine_choice *question)
{
    for (int i = 0; i < choices->count; i++)
        if (same_question(&choices->list[i], question))
            return &choices->list[i];
    return NULL;
}

static struct engine_choice *add(struct engine_choices *choices, const struct engine_choice *choice)
{
    struct engine_choice *list =
        realloc(choices->list, ((size_t)choices->count + 1) * sizeof *choices->list);

    if (!list) {
        error_set("out of memory");
        return NULL;
    }
    choices->list = list;
    list[choices->count] = *choice;
    return &list[choices->count++];
}

/* ---- Measuring --------------------------------------------------------------------------------
 */

/* Longer than the contest's own limit, for steps that take seconds. */
enum { CONTEST_SECONDS = 300 };

/* Contenders first .. end-1 in one child. The order of the lines is theirs. */
static int measure(struct engine_choice *choice, const struct campaign *campaign,
                   const struct cell *cell, int first, int end)
{
    struct assignment assignments[CONTENDERS_MAX];
    struct cell_contest contest = {campaign, cell, assignments, end - first};
    char text[CONTENDERS_MAX * 32], *at = text;
    int status;

    for (int i = first; i < end; i++)
        assignments[i - first] = choice->contenders[i].assignment;
    status = child_capture(cell_hold_contest, &contest, CONTEST_SECONDS, text, sizeof text);
    if (status != 0)
        return status;
    for (int i = first; i < end; i++)
        choice->contenders[i].examples_per_second = strtod(at, &at);
    return 0;
}

static const double worth_a_thread = 1.03;

void choice_settle(struct engine_choice *choice)
{
    const struct contender *contenders = choice->contenders;
    double best = 0;
    int threads = INT_MAX;

    for (int i = 0; i < choice->count; i++)
        if (contenders[i].examples_per_second > best)
            best = contenders[i].examples_per_second;
    for (int i = 0; i < choice->count; i++)
        if (worth_a_thread * contenders[i].examples_per_second >= best &&
            contenders[i].assignment.threads < threads)
            threads = contenders[i].assignment.threads;
    choice->best = 0;
    best = 0;
    for (int i = 0; i < choice->count; i++)
        if (contenders[i].assignment.threads == threads &&
            contenders[i].examples_per_second > best) {
            best = contenders[i].examples_per_second;
            choice->best = i;
        }
}

/* All together; each alone if one of them takes the others down. */
static int decide(struct engine_choice *choice, const struct campaign *campaign,
                  const struct cell *cell)
{
    int status = measure(choice, campaign, cell, 0, choice->count);

    if (status == -1)
        return -1;
    for (int i = 0; i < choice->count && status != 0; i++)
        if (measure(choice, campaign, cell, i, i + 1) == -1)
            return -1;
    choice_settle(choice);
    return 0;
}

/* "M, K = 32: native, 1 thread, 184000 examples/s; next onednn, 1 thread, 163000" */
static void describe(const struct engine_choice *choice, char *line, size_t size)
{
    const struct contender *best = &choice->contenders[choice->best], *next = NULL;
    int length;

    for (int i = 0; i < choice->count; i++) {
        const struct contender *other = &choice->contenders[i];

        if (other != best && !isnan(other->examples_per_second) &&
            (!next || other->examples_per_second > next->examples_per_second))
            next = other;
    }
    length = snprintf(line, size, "%s, K = %d: %s, %d thread%s, %.3g examples/s", choice->network,
                      choice->batch_size, best->assignment.engine, best->assignment.threads,
                      best->assignment.threads == 1 ? "" : "s", best->examples_per_second);
    if (next && length < (int)size)
        snprintf(line + length, size - (size_t)length, "; next %s, %d thread%s, %.3g",
                 next->assignment.engine, next->assignment.threads,
                 next->assignment.threads == 1 ? "" : "s", next->examples_per_second);
}

/* ---- The folder's -----------------------------------------------------------------------------
 */

/* The columns of the file, and where their texts go. */
enum column {
    ASKED_ENGINE,
    ASKED_THREADS,
    NETWORK,
    NETWORK_HASH,
    BATCH_SIZE,
    CHUNK,
    ENGINE,
    THREADS,
    RATE,
    CHOSEN,
    COLUMN_COUNT
};

static const char *const columns[COLUMN_COUNT] = {
    [ASKED_ENGINE] = "asked_engine",
    [ASKED_THREADS] = "asked_threads",
    [NETWORK] = "network",
    [NETWORK_HASH] = "network_hash",
    [BATCH_SIZE] = "batch_size",
    [CHUNK] = "chunk",
    [ENGINE] = "engine",
    [THREADS] = "threads",
    [RATE] = "examples_per_second",
    [CHOSEN] = "chosen",
};

static int is_number(enum column column)
{
    return column == BATCH_SIZE || column == THREADS || column == RATE || column == CHOSEN;
}

static int read_row(struct engine_choices *choices, struct table *table, size_t row)
{
    struct engine_choice question = {.count = 0}, *choice;
    const char *texts[COLUMN_COUNT];
    double numbers[COLUMN_COUNT];

    for (int c = 0; c < COLUMN_COUNT; c++) {
        texts[c] = table_texts(table, columns[c])[row];
        numbers[c] = is_number((enum column)c) ? table_numbers(table, columns[c])[row] : 0;
    }
    snprintf(question.engine, sizeof question.engine, "%s", texts[ASKED_ENGINE]);
    snprintf(question.threads, sizeof question.threads, "%s", texts[ASKED_THREADS]);
    snprintf(question.network, sizeof question.network, "%s", texts[NETWORK]);
    snprintf(question.network_hash, sizeof question.network_hash, "%s", texts[NETWORK_HASH]);
    snprintf(question.chunk, sizeof question.chunk, "%s", texts[CHUNK]);
    question.batch_size = (int)numbers[BATCH_SIZE];
    choice = find(choices, &question);
    if (!choice)
        choice = add(choices, &question);
    if (!choice)
        return -1;
    if (numbers[CHOSEN] > 0)
        choice->best = choice->count;
    add_contender(choice, texts[ENGINE], (int)numbers[THREADS]);
    choice->contenders[choice->count - 1].examples_per_second = numbers[RATE];
    return 0;
}

static int read_choices(struct engine_choices *choices, const char *results)
{
    char path[PATH_MAX];
    struct table *table;
    int status = 0;

    snprintf(path, sizeof path, "%s/%s", results, CHOICES_FILE);
    if (access(path, F_OK) != 0)
        return 0;
    if (table_open(&table, path) != 0)
        return -1;
    for (int c = 0; c < COLUMN_COUNT && status == 0; c++)
        if (!table_has(table, columns[c]))
            status = error_set("%s:1: no column `%s`; remove the file to choose again", path,
                               columns[c]);
        else if (is_number((enum column)c) && !table_numbers(table, columns[c]))
            status = -1;
    for (size_t row = 0; row < table_rows(table) && status == 0; row++)
        status = read_row(choices, table, row);
    table_close(table);
    return status;
}

static int write_choices(const struct engine_choices *choices, const char *results)
{
    char path[PATH_MAX];
    struct whole_file file;

    snprintf(path, sizeof path, "%s/%s", results, CHOICES_FILE);
    if (record_unseal(results) != 0 || file_begin(&file, path) != 0)
        return -1;
    for (int c = 0; c < COLUMN_COUNT; c++)
        fprintf(file.stream, "%s%s", c ? "," : "", columns[c]);
    fputc('\n', file.stream);
    for (int i = 0; i < choices->count; i++) {
        const struct engine_choice *choice = &choices->list[i];

        for (int c = 0; c < choice->count; c++) {
            const struct contender *contender = &choice->contenders[c];
            char rate[32] = "";

            if (!isnan(contender->examples_per_second))
                format_double(contender->examples_per_second, rate, sizeof rate);
            csv_field(file.stream, choice->engine);
            fprintf(file.stream, ",%s,", choice->threads);
            csv_field(file.stream, choice->network);
            fprintf(file.stream, ",%s,%d,%s,", choice->network_hash, choice->batch_size,
                    choice->chunk);
            csv_field(file.stream, contender->assignment.engine);
            fprintf(file.stream, ",%d,%s,%d\n", contender->assignment.threads, rate,
                    c == choice->best);
        }
    }
    return file_commit(&file);
}

int choices_join(const char *results, const char *from)
{
    struct engine_choices own = {0}, others = {0};
    int before, status = -1;

    if (read_choices(&own, results) == 0 && read_choices(&others, from) == 0) {
        before = own.count;
        status = 0;
        for (int i = 0; i < others.count && status == 0; i++)
            if (!find(&own, &others.list[i]))
                status = add(&own, &others.list[i]) ? 0 : -1;
        if (status == 0 && own.count > before)
            status = write_choices(&own, results);
    }
    choices_free(&own);
    choices_free(&others);
    return status;
}

int choices_make(struct engine_choices *choices, const struct campaign *campaign,
                 const struct host *host, const struct cell *cell,
                 void (*announce)(void *context, const char *engine, const char *line),
                 void *context)
{
    struct engine_choice question;
    char line[1024];

    if (!choice_is_open(&cell->settings))
        return 0;
    if (choices->count == 0 && read_choices(choices, campaign->results) != 0)
        return -1;
    ask(&question, cell, host);
    if (find(choices, &question))
        return 0;
    if (decide(&question, campaign, cell) != 0 || !add(choices, &question))
        return -1;
    if (announce) {
        describe(&question, line, sizeof line);
        announce(context, ENGINE_AUTO, line);
    }
    return write_choices(choices, campaign->results);
}

void choices_free(struct engine_choices *choices)
{
    free(choices->list);
    *choices = (struct engine_choices){.count = 0};
}

struct assignment choices_assignment(const struct engine_choices *choices, const struct cell *cell)
{
    struct engine_choice question;
    const struct engine_choice *choice;
    struct assignment assignment = {.team = NULL};

    memcpy(assignment.engine, cell->settings.engine, sizeof assignment.engine);
    assignment.threads = cell->settings.threads;
    assignment.workers = cell->settings.workers;
    if (!choice_is_open(&cell->settings))
        return assignment;
    ask(&question, cell, NULL);
    choice = find(choices, &question);
    if (choice) {
        assignment = choice->contenders[choice->best].assignment;
        assignment.workers = cell->settings.workers;
    }
    return assignment;
}
