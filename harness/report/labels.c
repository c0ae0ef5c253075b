/* Texts beside what is drawn: short, and cut between characters. */
#include "report/labels.h"
#include "report/words.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool continues_character(char byte)
{
    return ((unsigned char)byte & 0xc0) == 0x80;
}

size_t label_characters(const char *text)
{
    size_t count = 0;

    for (; *text; text++)
        count += !continues_character(*text);
    return count;
}

void label_cut(char *text, size_t size, size_t most)
{
    size_t at = 0;

    if (label_characters(text) <= most)
        return;
    for (size_t seen = 0; text[at]; at++)
        if (!continues_character(text[at]) && seen++ == most - 1)
            break;
    while (at > 0 && text[at - 1] == ' ')
        at--;
    snprintf(text + at, size - at, "…");
}

/* Words that do not tell by themselves what they are of. */
static bool is_vague(const char *word)
{
    static const char *const words[] = {"all", "none", "auto", "default", "given"};

    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(word, words[i]) == 0)
            return true;
    return false;
}

/* The name with what follows it in a label. */
static const char *lead(const char *name, char *text, size_t size)
{
    static const char *const symbols[][2] = {
        {"batch_size", "K = "}, {"learning_rate", "α = "}, {"redundancy", "r = "}};
    char named[128];

    for (size_t s = 0; s < sizeof symbols / sizeof *symbols; s++)
        if (strcmp(name, symbols[s][0]) == 0)
            return symbols[s][1];
    word_composed(name, named, sizeof named);
    snprintf(text, size, "%s ", named);
    return text;
}

/* "batch_size=1" -> "K = 1", "epoch=1.00014545" -> "epoch 1", "sampler=with_replacement" -> "with
 * replacement". */
static void describe_setting(const char *setting, size_t length, char *text, size_t size)
{
    char name[128], space[130], *value, *end;
    const char *before;
    double number;

    snprintf(name, sizeof name, "%.*s", (int)(length < sizeof name ? length : sizeof name - 1),
             setting);
    value = strchr(name, '=');
    if (!value) {
        snprintf(text, size, "%s", name);
        return;
    }
    *value++ = '\0';
    for (char *c = value; *c; c++)
        if (*c == '_')
            *c = ' ';
    if (strcmp(name, "full_batch") == 0) {
        snprintf(text, size, "%s",
                 strcmp(value, "1") == 0 ? word("full batch") : word("mini-batches"));
        return;
    }
    before = lead(name, space, sizeof space);
    number = strtod(value, &end);
    if (end > value && !*end)
        snprintf(text, size, number == rint(number) && fabs(number) < 1e7 ? "%s%.0f" : "%s%.4g",
                 before, number);
    else if (before != space || is_vague(value))
        snprintf(text, size, "%s%s", before, value);
    else
        word_composed(value, text, size);
}

void label_condition(const char *condition, char *text, size_t size)
{
    static const char separator[] = ", ";
    size_t used = 0;

    text[0] = '\0';
    while (*condition && used < size) {
        const char *end = strstr(condition, separator);
        size_t length = end ? (size_t)(end - condition) : strlen(condition);
        char setting[160];

        describe_setting(condition, length, setting, sizeof setting);
        used += (size_t)snprintf(text + used, size - used, "%s%s", used ? " · " : "", setting);
        condition += length + (end ? strlen(separator) : 0);
    }
}
