/* The page of one results folder: question, answer, charts, verdicts, machine, how to repeat it. */
#include "pages/pages.h"

#include "base/error.h"
#include "base/file.h"

#include <jansson.h>
#include <math.h>
#include <string.h>

/* ---- Question and answer ----------------------------------------------------------------------
 */

static void put_question(const struct page *page, const struct pages_folder *folder)
{
    const char *question = pages_folder_text(folder, NULL, "question");

    page_heading(page, 2, "question", "The question");
    if (question[0])
        page_paragraph(page, "lead", "%s", question);
    else
        page_paragraph(page, "warning", "The manifest asks no question.");
}

static void put_pair(const struct page *page, const struct sentence_pair *pair)
{
    page_paragraph_open(page, "lead");
    if (pair->name[0]) {
        page_strong(page, pair->name);
        page_text(page, pair->verdict[0] ? ", " : ": ");
    }
    if (pair->verdict[0]) {
        page_verdict(page, pair->verdict);
        page_text(page, ": ");
    }
    page_text(page, pair->text);
    page_text(page, " ");
    page_text(page, pair->rest);
    page_paragraph_close(page);
}

static void put_answer(const struct page *page, const struct pages_folder *folder)
{
    const struct answer *answer = &folder->answer;

    page_heading(page, 2, "answer", "The answer");
    if (answer->count == 0)
        page_paragraph(page, "warning",
                       "There is none: no cell trained to an end, and nothing was timed.");
    for (size_t a = 0; a < answer->count; a++)
        put_pair(page, &answer->list[a]);
    if (answer->left_out > 0)
        page_paragraph(page, "muted", "And %zu more, see the tables.", answer->left_out);
    if (answer->basis[0] && answer->count > 0)
        page_paragraph(page, "muted", "%s", answer->basis);
}

/* ---- What is amiss ----------------------------------------------------------------------------
 */

/* "12 of 14 cells are there." and how many failed. */
static void put_cells(const struct page *page, const struct pages_folder *folder)
{
    static const char *const bad[] = {"failed", "crashed", "timeout", "out-of-memory",
                                      "unsupported"};
    const struct table *cells = folder->verdicts.results.cells;
    const json_t *planned = json_object_get(folder->verdicts.results.manifest, "cells");
    const char *const *outcomes =
        table_has(cells, "outcome") ? table_texts(cells, "outcome") : NULL;
    size_t rows = table_rows(cells);

    if (json_is_integer(planned) && (size_t)json_integer_value(planned) > rows)
        page_paragraph(page, "warning",
                       "The results are not complete: %zu of %zu cells of the plan are there.",
                       rows, (size_t)json_integer_value(planned));
    for (size_t b = 0; outcomes && b < sizeof bad / sizeof *bad; b++) {
        size_t count = 0;

        for (size_t row = 0; row < rows; row++)
            count += strcmp(outcomes[row], bad[b]) == 0;
        if (count > 0)
            page_paragraph(page, "warning", "%zu of %zu cells: %s.", count, rows, bad[b]);
    }
}

static void put_state(const struct page *page, const struct pages_folder *folder)
{
    const json_t *manifest = folder->verdicts.results.manifest;
    const json_t *runs = json_object_get(manifest, "runs");
    const json_t *last = json_array_get(runs, json_array_size(runs) - 1);
    const char *ended = json_string_value(json_object_get(last, "ended"));

    if (json_is_true(json_object_get(manifest, "quick")))
        page_paragraph(page, "warning", "This is the reduced grid of --quick.");
    if (last && (!ended || strcmp(ended, "complete") != 0))
        page_paragraph(page, "warning", "The last run did not complete: %s.",
                       ended ? ended : "it has not ended, or was killed");
    if (json_is_object(json_object_get(manifest, "imported")))
        page_paragraph(
            page, "warning",
            "The runs were made elsewhere and imported: what they were trained with, and "
            "their clock, is as their files say.");
    put_cells(page, folder);
}

/* ---- Charts -----------------------------------------------------------------------------------
 */

static int put_charts(const struct page *page, const struct pages_folder *folder)
{
    page_heading(page, 2, "charts", "The charts");
    if (folder->chart_count == 0)
        page_paragraph(page, "warning",
                       "There are none: the results have no figures. batchlab plot draws them, "
                       "with gnuplot.");
    for (size_t c = 0; c < folder->chart_count; c++)
        if (pages_put_chart(page, folder, &folder->charts[c]) != 0)
            return -1;
    return 0;
}

/* ---- Verdicts ---------------------------------------------------------------------------------
 */

static const char *text_at(const struct pages_folder *folder, const char *column, size_t row)
{
    const struct table *verdicts = folder->verdicts.results.verdicts;

    return table_has(verdicts, column) ? table_texts(verdicts, column)[row] : "";
}

/* "slope of log seconds, expected above 0.9 and below 1.1" */
static void put_judged(const struct page *page, const struct pages_folder *folder, size_t row)
{
    char expected[96], text[700];

    answer_expected(&folder->verdicts.results, row, expected, sizeof expected);
    snprintf(text, sizeof text, "%s%s%s", text_at(folder, "judged", row),
             expected[0] ? ", expected " : "", expected);
    page_cell_long(page, text);
}

static void put_judgement(const struct page *page, const struct pages_folder *folder, size_t row)
{
    const struct judgement *judgement = &folder->verdicts.list[row];
    char text[1600], effect[160], p[32];

    page_row_open(page);
    page_cell_open(page);
    page_strong(page, judgement->claim->id);
    page_cell_close(page);
    page_cell_open(page);
    page_verdict(page, verdict_names[judgement->verdict]);
    page_text(page, judgement->is_delivered ? "" : ", not delivered");
    page_cell_close(page);
    judgement_describe_place(judgement, text, sizeof text);
    page_cell_long(page, text[0] ? text : judgement->claim->says);
    put_judged(page, folder, row);
    answer_effect(&judgement->finding.effect, effect, sizeof effect);
    page_cell(page, effect);
    page_cell_value(page, (double)judgement->finding.n);
    snprintf(p, sizeof p, "%.2g", judgement->p);
    page_cell_number(page, isnan(judgement->p) ? "\u2013" : p);
    snprintf(text, sizeof text, "%s%s%s%s", judgement->reason,
             judgement->reason[0] && judgement->note[0] ? "; " : "", judgement->note,
             judgement->claim->is_aside ? " (does not decide)" : "");
    page_cell_long(page, text);
    page_row_close(page);
}

static void put_verdicts(const struct page *page, const struct pages_folder *folder)
{
    static const char *const columns[] = {
        "claim", "verdict", "part and condition", "what is judged", "effect, 95 % interval",
        "n",     "p",       "why, and more"};
    char path[PATH_MAX + 32];

    page_heading(page, 2, "verdicts", "The verdicts");
    if (folder->verdicts.count == 0) {
        page_paragraph(
            page, "warning", "%s",
            results_has_verdicts(&folder->verdicts.results)
                ? "verdicts.csv has no row: nothing was judged."
                : "There are none: the experiment makes no claims, or `batchlab verdict` "
                  "has not judged them.");
        return;
    }
    page_table_open(page, "Verdicts on the claims", columns, sizeof columns / sizeof *columns);
    for (size_t row = 0; row < folder->verdicts.count; row++)
        put_judgement(page, folder, row);
    page_table_close(page);
    page_paragraph_open(page, "muted");
    page_text(page,
              "p is adjusted (Holm). Delivered: enough seeds, nothing missing, a deviation of "
              "the margin would have been found. All columns: ");
    snprintf(path, sizeof path, "%s/verdicts.csv", folder->path);
    page_link(page, path, "verdicts.csv");
    page_paragraph_close(page);
}

/* ---- Files ------------------------------------------------------------------------------------
 */

static void put_files(const struct page *page, const struct pages_folder *folder)
{
    static const char *const names[] = {
        "cells.csv",       "curves.csv",   "classes.csv",      "timings.csv",       "probes.csv",
        "predictions.csv", "tuning.csv",   "tuning_cells.csv", "decomposition.csv", "profile.csv",
        "choices.csv",     "verdicts.csv", "fits.csv",         "manifest.json"};

    page_heading(page, 2, "files", "The files");
    page_list_open(page);
    for (size_t f = 0; f < sizeof names / sizeof *names; f++) {
        char path[PATH_MAX + 32];
        FILE *file;

        snprintf(path, sizeof path, "%s/%s", folder->path, names[f]);
        file = fopen(path, "r");
        if (!file)
            continue;
        fclose(file);
        page_item_open(page);
        page_link(page, path, names[f]);
        page_item_close(page);
    }
    page_list_close(page);
}

/* -----------------------------------------------------------------------------------------------
 */

static int put_all(const struct page *page, const struct pages_folder *folder, const char *made_by)
{
    page_begin(page, pages_folder_title(folder),
               "What was asked, the answer, its charts and tables, and how to repeat it.");
    page_paragraph_open(page, "muted");
    page_text(page, "Experiment ");
    page_code(page, folder->verdicts.name);
    page_text(page, ", among ");
    page_link(page, page->format == PAGE_HTML ? "index.html" : "index.md", "all experiments");
    page_text(page, ".");
    page_paragraph_close(page);
    put_question(page, folder);
    put_state(page, folder);
    put_answer(page, folder);
    if (put_charts(page, folder) != 0)
        return -1;
    put_verdicts(page, folder);
    pages_put_machine(page, folder);
    pages_put_repeat(page, folder);
    put_files(page, folder);
    page_end(page, made_by);
    return 0;
}

int pages_write_experiment(const struct pages_folder *folder, enum page_format format,
                           const char *output, const char *made_by)
{
    char path[PATH_MAX + 128];
    struct whole_file file;
    struct page page = {.format = format, .folder = output};

    snprintf(path, sizeof path, "%s/%s.%s", output, folder->page,
             format == PAGE_HTML ? "html" : "md");
    if (file_begin(&file, path) != 0)
        return -1;
    page.file = file.stream;
    if (put_all(&page, folder, made_by) == 0)
        return file_commit(&file);
    file_abandon(&file);
    return -1;
}
