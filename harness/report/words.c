/* The table of translations: a line a text, a column a language, cut by tabs. */
#include "report/words.h"

#include "base/error.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct pair {
    char *english, *translated;
};

static struct {
    char language[16];
    struct pair *pairs; /* [count], sorted by the English */
    size_t count;
    char missing[256];
} words = {.language = "en"};

static int compare_pairs(const void *a, const void *b)
{
    return strcmp(((const struct pair *)a)->english, ((const struct pair *)b)->english);
}

/* The n-th field of a line, from 0, with its length; NULL: there are fewer. */
static const char *field_of(const char *line, size_t n, size_t *length)
{
    for (; n > 0 && line; n--)
        if ((line = strchr(line, '\t')))
            line++;
    *length = line ? strcspn(line, "\t\n") : 0;
    return line;
}

/* The number of the column of that name; 0, the English, where there is none. */
static size_t column_of(const char *header, const char *language)
{
    size_t length;
    const char *field;

    for (size_t column = 1; (field = field_of(header, column, &length)); column++)
        if (strlen(language) == length && strncmp(field, language, length) == 0)
            return column;
    return 0;
}

static int add_line(const char *path, size_t number, const char *line, size_t column)
{
    size_t length[2];
    const char *english = field_of(line, 0, &length[0]);
    const char *translated = field_of(line, column, &length[1]);
    struct pair *more;

    if (!translated || length[0] == 0 || length[1] == 0)
        return error_set("%s:%zu: expected a text and its translation, with a tab between them",
                         path, number);
    more = realloc(words.pairs, (words.count + 1) * sizeof *more);
    if (!more)
        return error_set("%s: out of memory", path);
    words.pairs = more;
    more += words.count++;
    more->english = strndup(english, length[0]);
    more->translated = strndup(translated, length[1]);
    return more->english && more->translated ? 0 : error_set("%s: out of memory", path);
}

static int read_table(const char *path, FILE *file, const char *language)
{
    char *line = NULL;
    size_t size = 0, column = 0, number = 0;
    int status = 0;

    while (status == 0 && getline(&line, &size, file) > 0) {
        if (++number > 1)
            status = add_line(path, number, line, column);
        else if (!(column = column_of(line, language)))
            status = error_set("%s:1: no column `%s`", path, language);
    }
    free(line);
    if (status == 0 && (ferror(file) || number == 0))
        status = error_set("%s: %s", path, ferror(file) ? strerror(errno) : "it is empty");
    return status;
}

static int reject_twins(const char *path)
{
    for (size_t i = 1; i < words.count; i++)
        if (compare_pairs(&words.pairs[i - 1], &words.pairs[i]) == 0)
            return error_set("%s: `%s` is there twice", path, words.pairs[i].english);
    return 0;
}

int words_speak(const char *plots_folder, const char *language)
{
    char *path = NULL;
    FILE *file = NULL;
    int status = -1;

    words_close();
    if (strcmp(language, "en") == 0)
        return 0;
    if (asprintf(&path, "%s/words.tsv", plots_folder) < 0)
        return error_set("%s: out of memory", plots_folder);
    if (!(file = fopen(path, "r")))
        error_set("%s: %s", path, strerror(errno));
    else if (read_table(path, file, language) == 0) {
        if (words.count > 0)
            qsort(words.pairs, words.count, sizeof *words.pairs, compare_pairs);
        status = reject_twins(path);
    }
    if (file)
        fclose(file);
    if (status == 0)
        snprintf(words.language, sizeof words.language, "%s", language);
    else
        words_close();
    free(path);
    return status;
}

const char *words_language(void)
{
    return words.language;
}

const char *word(const char *english)
{
    const struct pair key = {.english = (char *)(size_t)english};
    const struct pair *found;

    if (strcmp(words.language, "en") == 0 || !*english)
        return english;
    found = words.count > 0
                ? bsearch(&key, words.pairs, words.count, sizeof *words.pairs, compare_pairs)
                : NULL;
    if (!found && !words.missing[0])
        snprintf(words.missing, sizeof words.missing, "%s", english);
    return found ? found->translated : english;
}

const char *words_missing(void)
{
    return words.missing[0] ? words.missing : NULL;
}

/* ---- Texts that were put together -------------------------------------------------------------
 */

enum { PARTS_MAX = 8 };
struct part {
    const char *text;
    size_t length;
};

/* The parts of the text that stand where the pattern has %s; their number, or -1: it does not fit.
 * A part ends where the text after it first occurs. */
static int match(const char *pattern, const char *text, struct part *parts)
{
    int count = 0;

    for (const char *hole = strstr(pattern, "%s"); hole; hole = strstr(pattern, "%s")) {
        size_t fixed = (size_t)(hole - pattern), until;
        const char *next = hole + 2, *end;

        if (count == PARTS_MAX || strncmp(text, pattern, fixed) != 0)
            return -1;
        text += fixed;
        until = strstr(next, "%s") ? (size_t)(strstr(next, "%s") - next) : strlen(next);
        if (until == 0)
            end = text + strlen(text);
        else if (!(end = memmem(text, strlen(text), next, until)))
            return -1;
        if (end == text)
            return -1;
        parts[count++] = (struct part){text, (size_t)(end - text)};
        text = end;
        pattern = next;
    }
    return strcmp(pattern, text) == 0 ? count : -1;
}

/* What stands for parts that there are not is left as it is. */
static void fill(const char *pattern, const struct part *parts, int count, char *text, size_t size)
{
    size_t used = 0;

    text[0] = '\0';
    while (*pattern && used + 1 < size) {
        if (count > 0 && strncmp(pattern, "%s", 2) == 0) {
            used +=
                (size_t)snprintf(text + used, size - used, "%.*s", (int)parts->length, parts->text);
            parts++;
            count--;
            pattern += 2;
        } else {
            text[used++] = *pattern++;
            text[used] = '\0';
        }
    }
}

static size_t fixed_characters(const char *pattern)
{
    size_t length = strlen(pattern);

    for (; (pattern = strstr(pattern, "%s")); pattern += 2)
        length -= 2;
    return length;
}

/* Of several patterns that fit the one that says most. */
void word_composed(const char *english, char *text, size_t size)
{
    const struct pair *best = NULL;
    struct part parts[PARTS_MAX] = {{NULL, 0}};

    for (size_t i = 0; i < words.count; i++)
        if (match(words.pairs[i].english, english, parts) >= 0 &&
            (!best || fixed_characters(words.pairs[i].english) > fixed_characters(best->english)))
            best = &words.pairs[i];
    if (best)
        fill(best->translated, parts, match(best->english, english, parts), text, size);
    else
        snprintf(text, size, "%s", english);
}

void words_close(void)
{
    for (size_t i = 0; i < words.count; i++) {
        free(words.pairs[i].english);
        free(words.pairs[i].translated);
    }
    free(words.pairs);
    words.pairs = NULL;
    words.count = 0;
    words.missing[0] = '\0';
    snprintf(words.language, sizeof words.language, "en");
}
