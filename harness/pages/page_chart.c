/* A chart of a page: the drawing, its series, and the numbers behind it. */
#include "pages/pages.h"

#include "base/error.h"
#include "pages/svg.h"
#include "report/chart.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Rows of a table in the page; the file has all of them. */
static const size_t rows_max[] = {[PAGE_HTML] = 400, [PAGE_MARKDOWN] = 40};

/* ---- Its files --------------------------------------------------------------------------------
 */

static void file_of(const struct pages_folder *folder, const struct chart_files *chart,
                    const char *suffix, char *path, size_t size)
{
    snprintf(path, size, "%s/figures/%s%s", folder->path, chart->name, suffix);
}

/* The whole text, to be freed; NULL with the error set. */
static char *read_file(const char *path)
{
    FILE *file = fopen(path, "r");
    char *text = NULL;
    size_t size = 0;

    if (file && getdelim(&text, &size, '\0', file) < 0 && !ferror(file)) {
        free(text);
        text = strdup(""); /* an empty file */
    } else if (!file || ferror(file)) {
        free(text);
        text = NULL;
        error_set("%s: cannot be read: %s", path, strerror(errno));
    }
    if (file)
        fclose(file);
    return text;
}

/* With a capital, as a heading; size: of text. */
static const char *title_of(const struct chart_files *chart, char *text, size_t size)
{
    snprintf(text, size, "%s", chart->name);
    for (size_t c = 0; c < chart_count; c++)
        if (strcmp(charts[c].name, chart->name) == 0)
            snprintf(text, size, "%s", charts[c].title);
    text[0] = (char)toupper((unsigned char)text[0]);
    return text;
}

/* Of the first row, which has the lines under the drawing; "" where there are none. */
static const char *first_text(const struct table *numbers, const char *column)
{
    return numbers && table_rows(numbers) > 0 && table_has(numbers, column)
               ? table_texts(numbers, column)[0]
               : "";
}

/* ---- The drawing ------------------------------------------------------------------------------
 */

static void put_buttons(const struct page *page, const struct marks *marks, const char *name)
{
    if (marks->series_count < 2)
        return;
    fputs("<div class=\"series\" role=\"group\" hidden=\"hidden\" aria-label=\"Series of chart ",
          page->file);
    page_escape(page->file, name);
    fputs(", each shown or not\">\n", page->file);
    for (size_t s = 1; s <= marks->series_count; s++) {
        if (!marks->labels[s])
            continue; /* nothing is drawn of it */
        fprintf(page->file,
                "<button type=\"button\" aria-pressed=\"true\" data-toggle=\"%zu\">"
                "<span class=\"swatch\" aria-hidden=\"true\"></span>",
                s);
        if (marks_panel_title(marks, s)[0]) {
            page_escape(page->file, marks_panel_title(marks, s));
            fputs(": ", page->file);
        }
        page_escape(page->file, marks->labels[s]);
        fputs("</button>\n", page->file);
    }
    fputs("</div>\n", page->file);
}

/* What pointing at the drawing tells, and what it does not. */
static void put_caption(const struct page *page, const struct table *numbers,
                        const struct marks *marks, const struct svg_tally *tally)
{
    fputs("<figcaption>", page->file);
    page_escape(page->file, first_text(numbers, "caption"));
    if (first_text(numbers, "caption")[0])
        fputs(". ", page->file);
    if (tally->described > 0)
        fputs("Point at a mark, or reach the marks with Tab and the arrow keys, for its numbers.",
              page->file);
    else if (marks->series_count > 0)
        fputs("Point at a line for the name of its series; its numbers are in the table.",
              page->file);
    else
        fputs("Its numbers are in the table.", page->file);
    if (tally->unknown > 0)
        fprintf(page->file,
                " Of %zu marks it is not certain which row they are: they name their series alone.",
                tally->unknown);
    if (tally->dropped > 0)
        fprintf(page->file, " Left out of the file: %zu part%s that %s not draw.", tally->dropped,
                tally->dropped == 1 ? "" : "s", tally->dropped == 1 ? "does" : "do");
    fputs("</figcaption>\n", page->file);
}

static int put_drawing(const struct page *page, const struct pages_folder *folder,
                       const struct chart_files *chart, struct table *numbers)
{
    struct marks marks = {.rows = NULL};
    struct svg_tally tally = {0};
    char path[PATH_MAX + 128], label[1400], prefix[24], title[160];
    char *text;
    int status = -1;

    file_of(folder, chart, ".svg", path, sizeof path);
    text = read_file(path);
    snprintf(prefix, sizeof prefix, "c%zu", (size_t)(chart - folder->charts) + 1);
    snprintf(label, sizeof label, "Chart %s: %s. %s", chart->name,
             title_of(chart, title, sizeof title), first_text(numbers, "caption"));
    if (!text || (numbers && marks_open(&marks, numbers, chart->name) != 0))
        goto done;
    fprintf(page->file, "<figure class=\"chart\">\n<div class=\"card\" tabindex=\"0\" "
                        "role=\"region\" aria-label=\"Chart ");
    page_escape(page->file, chart->name);
    fputs(", may be scrolled\">", page->file);
    if (svg_write(page->file, text, path, prefix, label, numbers ? &marks : NULL, &tally) != 0)
        goto done;
    fputs("</div>\n", page->file);
    put_buttons(page, &marks, chart->name);
    put_caption(page, numbers, &marks, &tally);
    fputs("</figure>\n", page->file);
    status = 0;
done:
    marks_close(&marks);
    free(text);
    return status;
}

/* Markdown shows the picture as it lies in the results. */
static void put_picture(const struct page *page, const struct pages_folder *folder,
                        const struct chart_files *chart, const struct table *numbers)
{
    char path[PATH_MAX + 128], relative[2 * PATH_MAX], title[160];

    file_of(folder, chart, chart->has_drawing ? ".svg" : ".png", path, sizeof path);
    page_relative(page->folder, path, relative, sizeof relative);
    fputs("![", page->file);
    page_say(page, "Chart %s: %s", chart->name, title_of(chart, title, sizeof title));
    fputs("](", page->file);
    page_address(page->file, relative);
    fputs(")\n\n", page->file);
    if (first_text(numbers, "caption")[0])
        page_paragraph(page, "", "%s.", first_text(numbers, "caption"));
}

/* ---- The numbers ------------------------------------------------------------------------------
 */

static int is_caption(const char *column)
{
    return strcmp(column, "caption") == 0 || strcmp(column, "source") == 0;
}

static int is_number_text(const char *field)
{
    return field[0] && field[strspn(field, "0123456789+-.eE")] == '\0';
}

static void put_field(const struct page *page, const char *field)
{
    char text[64];
    const char *shown = page_field(field, text, sizeof text);

    if (is_number_text(field))
        page_cell_number(page, shown);
    else
        page_cell(page, shown);
}

static void put_rows(const struct page *page, const struct table *numbers, const char *label)
{
    size_t columns = table_columns(numbers), shown = 0;
    const char **names = calloc(columns + 1, sizeof *names);

    if (!names)
        abort();
    for (size_t c = 0; c < columns; c++)
        if (!is_caption(table_column_name(numbers, c)))
            names[shown++] = table_column_name(numbers, c);
    page_table_open(page, label, names, shown);
    for (size_t row = 0; row < table_rows(numbers) && row < rows_max[page->format]; row++) {
        page_row_open(page);
        for (size_t c = 0; c < shown; c++)
            put_field(page, table_texts(numbers, names[c])[row]);
        page_row_close(page);
    }
    page_table_close(page);
    free(names);
}

static void put_numbers(const struct page *page, const struct pages_folder *folder,
                        const struct chart_files *chart, const struct table *numbers)
{
    size_t rows = table_rows(numbers);
    char path[PATH_MAX + 128], text[160];

    snprintf(text, sizeof text, "The numbers behind it: %zu row%s", rows, rows == 1 ? "" : "s");
    if (rows > rows_max[page->format])
        snprintf(text, sizeof text, "The numbers behind it: the first %zu of %zu rows",
                 rows_max[page->format], rows);
    page_fold_open(page, text);
    snprintf(text, sizeof text, "Numbers of chart %s", chart->name);
    put_rows(page, numbers, text);
    page_fold_close(page);
    page_paragraph_open(page, "muted");
    page_say(page, "%s ", first_text(numbers, "source"));
    file_of(folder, chart, ".csv", path, sizeof path);
    snprintf(text, sizeof text, "%s.csv", chart->name);
    page_link(page, path, text);
    page_paragraph_close(page);
}

int pages_put_chart(const struct page *page, const struct pages_folder *folder,
                    const struct chart_files *chart)
{
    struct table *numbers = NULL;
    char path[PATH_MAX + 128], title[160];
    int status = 0;

    file_of(folder, chart, ".csv", path, sizeof path);
    if (chart->has_numbers && table_open(&numbers, path) != 0)
        return -1;
    page_heading(page, 3, NULL, title_of(chart, title, sizeof title));
    if (page->format == PAGE_MARKDOWN && (chart->has_drawing || chart->has_picture))
        put_picture(page, folder, chart, numbers);
    else if (page->format == PAGE_HTML && chart->has_drawing)
        status = put_drawing(page, folder, chart, numbers);
    else
        page_paragraph(page, "warning",
                       "Chart %s is not drawn: figures/%s.svg is missing. batchlab plot draws "
                       "it, with gnuplot.",
                       chart->name, chart->name);
    if (status == 0 && numbers)
        put_numbers(page, folder, chart, numbers);
    else if (status == 0)
        page_paragraph(page, "warning", "figures/%s.csv, the numbers of this chart, is missing.",
                       chart->name);
    table_close(numbers);
    return status;
}
