/* HTML and Markdown of a page. */
#include "pages/page.h"

#include "export/text.h"
#include "pages/embedded.h"

#include <ctype.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static int is_html(const struct page *page)
{
    return page->format == PAGE_HTML;
}

/* ---- Texts ------------------------------------------------------------------------------------
 */

void page_escape(FILE *file, const char *text)
{
    text_xml(file, text);
}

void page_address(FILE *file, const char *path)
{
    for (const unsigned char *at = (const unsigned char *)path; *at; at++)
        if (isalnum(*at) || strchr("-._~/", *at))
            fputc(*at, file);
        else
            fprintf(file, "%%%02X", *at);
}

void page_text(const struct page *page, const char *text)
{
    if (is_html(page))
        text_xml(page->file, text);
    else
        text_markdown(page->file, text);
}

/* To be freed. */
static char *format_text(const char *format, va_list arguments)
{
    char *text;

    if (vasprintf(&text, format, arguments) < 0)
        abort();
    return text;
}

void page_say(const struct page *page, const char *format, ...)
{
    va_list arguments;
    char *text;

    va_start(arguments, format);
    text = format_text(format, arguments);
    va_end(arguments);
    page_text(page, text);
    free(text);
}

void page_strong(const struct page *page, const char *text)
{
    fputs(is_html(page) ? "<strong>" : "**", page->file);
    page_text(page, text);
    fputs(is_html(page) ? "</strong>" : "**", page->file);
}

void page_code(const struct page *page, const char *text)
{
    if (!is_html(page) && !strchr(text, '`') && !strchr(text, '|')) {
        fprintf(page->file, "`%s`", text);
        return;
    }
    fputs("<code>", page->file);
    page_text(page, text);
    fputs("</code>", page->file);
}

void page_verdict(const struct page *page, const char *word)
{
    if (!is_html(page)) {
        page_strong(page, word);
        return;
    }
    fputs("<strong class=\"verdict ", page->file);
    for (const char *at = word; *at; at++)
        fputc(isalnum((unsigned char)*at) ? *at : '-', page->file);
    fputs("\">", page->file);
    text_xml(page->file, word);
    fputs("</strong>", page->file);
}

void page_link(const struct page *page, const char *path, const char *text)
{
    char *relative = NULL;

    if (strchr(path, '/')) {
        size_t size = strlen(path) + 3 * strlen(page->folder) + 2;

        relative = malloc(size);
        if (!relative)
            abort();
        page_relative(page->folder, path, relative, size);
    }
    fputs(is_html(page) ? "<a href=\"" : "[", page->file);
    if (!is_html(page)) {
        page_text(page, text);
        fputs("](", page->file);
    }
    page_address(page->file, relative ? relative : path);
    if (is_html(page)) {
        fputs("\">", page->file);
        page_text(page, text);
    }
    fputs(is_html(page) ? "</a>" : ")", page->file);
    free(relative);
}

void page_relative(const char *folder, const char *path, char *text, size_t size)
{
    size_t common = 0, length = 0, end = strlen(folder);

    for (size_t i = 0; i <= end && path[i] == (i < end ? folder[i] : '/'); i++)
        if (path[i] == '/')
            common = i + 1;
    text[0] = '\0';
    for (size_t i = common; i < end && length < size; i++)
        if (i + 1 == end || folder[i] == '/')
            length += (size_t)snprintf(text + length, size - length, "../");
    if (length < size)
        snprintf(text + length, size - length, "%s", path + common);
}

/* ---- Numbers ----------------------------------------------------------------------------------
 */

static const char dash[] = "\u2013";

const char *page_number(double value, char text[32])
{
    if (isnan(value))
        return dash;
    if (isinf(value))
        return value > 0 ? "not reached" : "unbounded";
    snprintf(text, 32, "%.6g", value);
    return text;
}

const char *page_field(const char *field, char *text, size_t size)
{
    char *end, number[32];
    double value;

    if (!field[0])
        return dash;
    value = strtod(field, &end);
    if (*end || end == field || (isfinite(value) && strlen(field) <= 8))
        return field;
    snprintf(text, size, "%s", page_number(value, number));
    return text;
}

/* ---- The page ---------------------------------------------------------------------------------
 */

void page_begin(const struct page *page, const char *title, const char *about)
{
    FILE *file = page->file;

    if (!is_html(page)) {
        fputs("# ", file);
        text_markdown(file, title);
        fputs("\n\n", file);
        return;
    }
    fputs("<!DOCTYPE html>\n<html lang=\"en\" xml:lang=\"en\" "
          "xmlns=\"http://www.w3.org/1999/xhtml\">\n<head>\n<meta charset=\"utf-8\"/>\n"
          "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
          "<meta name=\"color-scheme\" content=\"light dark\"/>\n"
          "<link rel=\"icon\" href=\"data:,\"/>\n<meta name=\"description\" content=\"",
          file);
    text_xml(file, about);
    fputs("\"/>\n<title>", file);
    text_xml(file, title);
    fprintf(file, "</title>\n<style>\n%s</style>\n</head>\n<body>\n<main>\n<h1>", embedded_style);
    text_xml(file, title);
    fputs("</h1>\n", file);
}

void page_end(const struct page *page, const char *made_by)
{
    page_paragraph(page, "muted", "Made by %s.", made_by);
    if (is_html(page))
        fprintf(page->file, "</main>\n<script>\n%s</script>\n</body>\n</html>\n", embedded_script);
}

void page_heading(const struct page *page, int level, const char *id, const char *text)
{
    if (is_html(page)) {
        fprintf(page->file, "<h%d", level);
        if (id)
            fprintf(page->file, " id=\"%s\"", id);
        fputc('>', page->file);
        text_xml(page->file, text);
        fprintf(page->file, "</h%d>\n", level);
    } else {
        fprintf(page->file, "%.*s ", level, "####");
        text_markdown(page->file, text);
        fputs("\n\n", page->file);
    }
}

void page_paragraph_open(const struct page *page, const char *kind)
{
    if (!is_html(page))
        fputs(strcmp(kind, "warning") == 0 ? "**Note:** " : "", page->file);
    else if (kind[0])
        fprintf(page->file, "<p class=\"%s\">", kind);
    else
        fputs("<p>", page->file);
}

void page_paragraph_close(const struct page *page)
{
    fputs(is_html(page) ? "</p>\n" : "\n\n", page->file);
}

void page_paragraph(const struct page *page, const char *kind, const char *format, ...)
{
    va_list arguments;
    char *text;

    va_start(arguments, format);
    text = format_text(format, arguments);
    va_end(arguments);
    page_paragraph_open(page, kind);
    page_text(page, text);
    page_paragraph_close(page);
    free(text);
}

void page_list_open(const struct page *page)
{
    fputs(is_html(page) ? "<ul>\n" : "", page->file);
}

void page_item_open(const struct page *page)
{
    fputs(is_html(page) ? "<li>" : "- ", page->file);
}

void page_item_close(const struct page *page)
{
    fputs(is_html(page) ? "</li>\n" : "\n", page->file);
}

void page_list_close(const struct page *page)
{
    fputs(is_html(page) ? "</ul>\n" : "\n", page->file);
}

/* The longest run of backticks in it, and one more: three at the least. */
static int fence_length(const char *text)
{
    int longest = 2, run = 0;

    for (; *text; text++) {
        run = *text == '`' ? run + 1 : 0;
        longest = run > longest ? run : longest;
    }
    return longest + 1;
}

static void write_fence(FILE *file, int length)
{
    for (int i = 0; i < length; i++)
        fputc('`', file);
}

void page_listing(const struct page *page, const char *language, const char *text)
{
    size_t length = strlen(text);
    const char *end = length > 0 && text[length - 1] == '\n' ? "" : "\n";
    int fence = fence_length(text);

    if (is_html(page)) {
        fputs("<pre tabindex=\"0\"><code>", page->file);
        text_xml(page->file, text);
        fputs("</code></pre>\n", page->file);
        return;
    }
    write_fence(page->file, fence);
    fprintf(page->file, "%s\n%s%s", language, text, end);
    write_fence(page->file, fence);
    fputs("\n\n", page->file);
}

void page_fold_open(const struct page *page, const char *summary)
{
    fputs("<details><summary>", page->file);
    text_xml(page->file, summary);
    fputs(is_html(page) ? "</summary>\n" : "</summary>\n\n", page->file);
}

void page_fold_close(const struct page *page)
{
    fputs(is_html(page) ? "</details>\n" : "</details>\n\n", page->file);
}

/* ---- Tables -----------------------------------------------------------------------------------
 */

void page_table_open(const struct page *page, const char *label, const char *const *columns,
                     size_t count)
{
    FILE *file = page->file;

    if (is_html(page)) {
        fputs("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"", file);
        text_xml(file, label);
        fputs("\"><table>\n<thead><tr>", file);
    } else {
        fputs("|", file);
    }
    for (size_t c = 0; c < count; c++) {
        fputs(is_html(page) ? "<th scope=\"col\">" : " ", file);
        page_text(page, columns[c]);
        fputs(is_html(page) ? "</th>" : " |", file);
    }
    if (is_html(page)) {
        fputs("</tr></thead>\n<tbody>\n", file);
        return;
    }
    fputs("\n|", file);
    for (size_t c = 0; c < count; c++)
        fputs("---|", file);
    fputs("\n", file);
}

void page_row_open(const struct page *page)
{
    fputs(is_html(page) ? "<tr>" : "|", page->file);
}

void page_cell_open(const struct page *page)
{
    fputs(is_html(page) ? "<td>" : " ", page->file);
}

void page_cell_open_long(const struct page *page)
{
    fputs(is_html(page) ? "<td class=\"long\">" : " ", page->file);
}

void page_cell_close(const struct page *page)
{
    fputs(is_html(page) ? "</td>" : " |", page->file);
}

void page_cell(const struct page *page, const char *text)
{
    page_cell_open(page);
    page_text(page, text);
    page_cell_close(page);
}

static void put_cell(const struct page *page, const char *kind, const char *text)
{
    if (is_html(page))
        fprintf(page->file, "<td class=\"%s\">", kind);
    else
        fputc(' ', page->file);
    page_text(page, text);
    page_cell_close(page);
}

void page_cell_long(const struct page *page, const char *text)
{
    put_cell(page, "long", text);
}

void page_cell_number(const struct page *page, const char *text)
{
    put_cell(page, "number", text);
}

void page_cell_value(const struct page *page, double value)
{
    char text[32];

    put_cell(page, "number", page_number(value, text));
}

void page_row_close(const struct page *page)
{
    fputs(is_html(page) ? "</tr>\n" : "\n", page->file);
}

void page_table_close(const struct page *page)
{
    fputs(is_html(page) ? "</tbody></table></div>\n" : "\n", page->file);
}
