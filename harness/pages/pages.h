/* Results folders as pages for people: HTML that needs nothing but itself, and Markdown. */
#ifndef BATCHLAB_PAGES_PAGES_H
#define BATCHLAB_PAGES_PAGES_H

#include "pages/folder.h"
#include "pages/page.h"
#include "verdict/overview.h"

/* Writes output/<folder->page>.html or .md, whole or not at all. output: absolute. made_by: the
 * program and its version. -1: an error. */
int pages_write_experiment(const struct pages_folder *, enum page_format, const char *output,
                           const char *made_by);

/* Writes output/index.html or .md over all of them. overview: of their verdicts, or NULL where they
 * make no claims of a catalogue. */
int pages_write_index(const struct pages_folder *folders, size_t count, const struct overview *,
                      enum page_format, const char *output, const char *made_by);

/* ---- Parts of a page, for the functions above -------------------------------------------------
 */

/* One of the folder's charts with its table. -1: a file of it cannot be read. */
int pages_put_chart(const struct page *, const struct pages_folder *, const struct chart_files *);
/* The machine, and how to run it again. */
void pages_put_machine(const struct page *, const struct pages_folder *);
void pages_put_repeat(const struct page *, const struct pages_folder *);

#endif
