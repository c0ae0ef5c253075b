/* Texts of anybody, written so that no reader of a format stumbles over them. */
#ifndef BATCHLAB_EXPORT_TEXT_H
#define BATCHLAB_EXPORT_TEXT_H

#include <stdio.h>

/* A copy in UTF-8, to be freed: each byte that belongs to no character is U+FFFD. NULL: out of
 * memory (error set). NULL is taken for "". */
char *text_utf8(const char *text);

/* Character data or the value of an attribute of XML 1.0: markup, quotes, tabs and ends of lines
 * as references; what XML forbids, even as a reference, as U+FFFD. NULL is taken for "". */
void text_xml(FILE *, const char *text);

/* One cell of a Markdown table, on one line, without markup, links, mentions or HTML of its own.
 * NULL is taken for "". */
void text_markdown(FILE *, const char *text);

#endif
