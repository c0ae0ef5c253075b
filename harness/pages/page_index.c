/* The page over several results folders: what each asks and answers, and all verdicts. */
#include "pages/pages.h"

#include "base/error.h"
#include "base/file.h"
#include "verdict/origin.h"

#include <stdlib.h>
#include <string.h>

static const char *suffix_of(const struct page *page)
{
    return page->format == PAGE_HTML ? "html" : "md";
}

static void put_link(const struct page *page, const struct pages_folder *folder, const char *text)
{
    char path[160];

    snprintf(path, sizeof path, "%s.%s", folder->page, suffix_of(page));
    page_link(page, path, text);
}

/* ---- Experiments ------------------------------------------------------------------------------
 */

static void put_answers(const struct page *page, const struct answer *answer)
{
    if (answer->count == 0)
        page_text(page, "none");
    for (size_t a = 0; a < answer->count; a++) {
        const struct sentence_pair *pair = &answer->list[a];

        if (a > 0 && !pair->verdict[0]) { /* the first sentence is enough of those without */
            page_say(page, " And %zu more.", answer->count - a);
            return;
        }
        page_text(page, a > 0 ? ", " : "");
        if (pair->name[0]) {
            page_text(page, pair->name);
            page_text(page, pair->verdict[0] ? " " : ": ");
        }
        if (pair->verdict[0])
            page_verdict(page, pair->verdict);
        else
            page_text(page, pair->text);
    }
}

static void put_experiments(const struct page *page, const struct pages_folder *folders,
                            size_t count)
{
    static const char *const columns[] = {"experiment", "question", "answer", "commit", "machine"};

    page_heading(page, 2, "experiments", "Experiments");
    page_table_open(page, "Experiments", columns, sizeof columns / sizeof *columns);
    for (size_t f = 0; f < count; f++) {
        const struct json_t *manifest = folders[f].verdicts.results.manifest;
        char origin[256];

        page_row_open(page);
        page_cell_open(page);
        put_link(page, &folders[f], folders[f].verdicts.name);
        page_cell_close(page);
        page_cell_long(page,
                       manifest ? pages_folder_text(&folders[f], NULL, "question") : "\u2013");
        page_cell_open_long(page);
        put_answers(page, &folders[f].answer);
        page_cell_close(page);
        page_cell(page, pages_folder_text(&folders[f], "build", "commit"));
        origin_describe(&folders[f].verdicts, origin, sizeof origin);
        page_cell(page, manifest ? origin : "not known: no manifest.json");
        page_row_close(page);
    }
    page_table_close(page);
}

/* One machine and version, or a word that there are several. */
static void put_origin(const struct page *page, const struct pages_folder *folders, size_t count)
{
    for (size_t f = 1; f < count; f++)
        if (origin_check_alike(&folders[0].verdicts, &folders[f].verdicts) != 0) {
            error_clear();
            page_paragraph(page, "warning",
                           "These results are not of one machine and version: their seconds do not "
                           "compare.");
            return;
        }
}

/* ---- Verdicts ---------------------------------------------------------------------------------
 */

static const struct pages_folder *folder_of(const struct pages_folder *folders, size_t count,
                                            const struct judgement *judgement)
{
    for (size_t f = 0; f < count; f++) {
        const struct verdicts *verdicts = &folders[f].verdicts;

        if (judgement >= verdicts->list && judgement < verdicts->list + verdicts->count)
            return &folders[f];
    }
    return NULL;
}

static void put_claim(const struct page *page, const struct pages_folder *folders, size_t count,
                      const struct ruling *ruling, const char *word, const char *reason)
{
    const struct judgement *judgement = ruling->deciding;
    const struct pages_folder *folder = judgement ? folder_of(folders, count, judgement) : NULL;
    char effect[160] = "\u2013";

    page_row_open(page);
    page_cell_open(page);
    page_strong(page, ruling->id);
    page_cell_close(page);
    page_cell_long(page, ruling->says);
    page_cell_open(page);
    page_verdict(page, word);
    page_cell_close(page);
    if (judgement)
        answer_effect(&judgement->finding.effect, effect, sizeof effect);
    page_cell(page, effect);
    page_cell_value(page, judgement ? (double)judgement->finding.n : 0);
    page_cell_long(page, reason);
    page_cell_open(page);
    if (folder)
        put_link(page, folder, folder->verdicts.name);
    page_cell_close(page);
    page_row_close(page);
}

static void open_table(const struct page *page)
{
    static const char *const columns[] = {
        "claim", "what it says", "verdict",   "effect, 95 % interval",
        "n",     "explanation",  "experiment"};

    page_table_open(page, "Verdicts on claims", columns, sizeof columns / sizeof *columns);
}

/* Of the catalogue those that some folder speaks of. */
static void put_overview(const struct page *page, const struct pages_folder *folders, size_t count,
                         const struct overview *overview)
{
    size_t judged = 0;

    for (size_t r = 0; r < overview->count; r++)
        judged += overview->rows[r].standing == STANDING_JUDGED;
    page_paragraph(page, "",
                   "Of the %zu claims of the catalogue these results speak of %zu. Effects are of "
                   "the part and condition that decides: the weakest of a confirmed claim, else "
                   "what stands against it.",
                   overview->count, judged);
    open_table(page);
    for (size_t r = 0; r < overview->count; r++) {
        const struct overview_row *row = &overview->rows[r];

        if (row->standing == STANDING_JUDGED)
            put_claim(page, folders, count, &row->ruling, overview_word(row), row->reason);
    }
    page_table_close(page);
}

static int put_rulings(const struct page *page, const struct pages_folder *folders, size_t count)
{
    size_t rulings_count = 0;

    open_table(page);
    for (size_t f = 0; f < count; f++) {
        struct ruling *rulings = NULL;

        if (rulings_make(&folders[f].verdicts, 1, &rulings, &rulings_count) != 0)
            return -1;
        for (size_t r = 0; r < rulings_count; r++)
            put_claim(page, folders, count, &rulings[r], answer_word(&rulings[r]),
                      rulings[r].undelivered ? rulings[r].undelivered->reason : "");
        free(rulings);
    }
    page_table_close(page);
    return 0;
}

static int put_verdicts(const struct page *page, const struct pages_folder *folders, size_t count,
                        const struct overview *overview)
{
    size_t judged = 0;

    for (size_t f = 0; f < count; f++)
        judged += folders[f].verdicts.count;
    page_heading(page, 2, "verdicts", "Verdicts");
    if (judged == 0) {
        page_paragraph(page, "warning",
                       "There are none: no folder has a verdicts.csv with a row in it.");
        return 0;
    }
    if (!overview)
        return put_rulings(page, folders, count);
    put_overview(page, folders, count, overview);
    return 0;
}

/* -----------------------------------------------------------------------------------------------
 */

static int put_all(const struct page *page, const struct pages_folder *folders, size_t count,
                   const struct overview *overview, const char *made_by)
{
    page_begin(page, "Batchlab: experiments and verdicts",
               "What was asked of gradient descent, and what the results say.");
    page_paragraph(page, "lead", "%zu results folder%s.", count, count == 1 ? "" : "s");
    put_origin(page, folders, count);
    put_experiments(page, folders, count);
    if (put_verdicts(page, folders, count, overview) != 0)
        return -1;
    page_end(page, made_by);
    return 0;
}

int pages_write_index(const struct pages_folder *folders, size_t count,
                      const struct overview *overview, enum page_format format, const char *output,
                      const char *made_by)
{
    char path[PATH_MAX + 16];
    struct whole_file file;
    struct page page = {.format = format, .folder = output};

    snprintf(path, sizeof path, "%s/index.%s", output, suffix_of(&page));
    if (file_begin(&file, path) != 0)
        return -1;
    page.file = file.stream;
    if (put_all(&page, folders, count, overview, made_by) == 0)
        return file_commit(&file);
    file_abandon(&file);
    return -1;
}
