/* A page for people, written as HTML or as Markdown by the same calls. Whatever text is put in
 * stays text: it is escaped here, and nowhere else.
 *
 * The HTML is XML as well (so that a strict parser can check it), needs nothing from anywhere, and
 * brings its style and script along. Errors of the stream show up where the file is committed. */
#ifndef BATCHLAB_PAGES_PAGE_H
#define BATCHLAB_PAGES_PAGE_H

#include <stddef.h>
#include <stdio.h>

enum page_format { PAGE_HTML, PAGE_MARKDOWN };

struct page {
    FILE *file;
    enum page_format format;
    const char *folder; /* that it lies in, absolute; links are seen from there */
};

/* Title and all up to the first line of the text: its heading too. about: what search and links
 * show of it, a sentence. */
void page_begin(const struct page *, const char *title, const char *about);
void page_end(const struct page *, const char *made_by);

/* level: 2 or 3. id: what may be linked to, letters and dashes, or NULL. */
void page_heading(const struct page *, int level, const char *id, const char *text);

/* Pieces of text between _open and _close. kind: "" or a class of the style: "lead", "note",
 * "warning", "muted". */
void page_paragraph_open(const struct page *, const char *kind);
void page_paragraph_close(const struct page *);
void page_list_open(const struct page *);
void page_item_open(const struct page *);
void page_item_close(const struct page *);
void page_list_close(const struct page *);
void page_text(const struct page *, const char *text);
void page_say(const struct page *, const char *format, ...) __attribute__((format(printf, 2, 3)));
void page_strong(const struct page *, const char *text);
void page_code(const struct page *, const char *text);
/* A word that says how it ended, with a class for its colour: "confirmed", "not run". */
void page_verdict(const struct page *, const char *word);
/* path: absolute, of a file; or where it has no slash, a page in the same folder. */
void page_link(const struct page *, const char *path, const char *text);
/* A paragraph of one text. */
void page_paragraph(const struct page *, const char *kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Several lines as they are. language: of a Markdown fence, or "". */
void page_listing(const struct page *, const char *language, const char *text);
/* What is seen once it is opened. */
void page_fold_open(const struct page *, const char *summary);
void page_fold_close(const struct page *);

/* label: what the table holds, for who cannot see it. Cells are written in the order of columns. */
void page_table_open(const struct page *, const char *label, const char *const *columns,
                     size_t count);
void page_row_open(const struct page *);
void page_cell_open(const struct page *);
void page_cell_open_long(const struct page *); /* of sentences, or of names that may be broken */
void page_cell_close(const struct page *);
void page_cell(const struct page *, const char *text);
void page_cell_long(const struct page *, const char *text);
void page_cell_number(const struct page *, const char *text);
void page_cell_value(const struct page *, double value);
void page_row_close(const struct page *);
void page_table_close(const struct page *);

/* "0.35"; a dash where it is not a number, and in words where it is infinite. */
const char *page_number(double value, char text[32]);
/* The same of a field of a CSV file: numbers with six digits, the rest as it is. size: of text. */
const char *page_field(const char *field, char *text, size_t size);

/* How to get from a folder to a path, both absolute: "../results/a b/x.csv"; size: of text. */
void page_relative(const char *folder, const char *path, char *text, size_t size);

/* To stand in HTML where no call above will do. */
void page_escape(FILE *, const char *text);
/* A path as the value of href: every byte but letters, digits and -._~/ as %XX. */
void page_address(FILE *, const char *path);

#endif
