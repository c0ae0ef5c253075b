/* Texts of figures in the language of their reader: plots/words.tsv has them, for C and gnuplot. */
#ifndef BATCHLAB_WORDS_H
#define BATCHLAB_WORDS_H

#include <stddef.h>

/* Marks a text of a table that is given to word() later, for what looks for texts. */
#define WORD(text) text

/* What word() says from now on, in all threads: `language` is a column of the table, "zh"; "en" is
 * what stands in the code and reads nothing. -1 with the message set: no such file or column, or
 * a line that is no pair of texts. */
int words_speak(const char *plots_folder, const char *language);
const char *words_language(void); /* "en" before any call */

/* The text in that language. One that the table lacks is returned as it is, and words_missing names
 * it. A translated format has the conversions of the English one (a test compares them). Lives
 * until the next words_speak. */
const char *word(const char *english) __attribute__((format_arg(1)));

/* The same of a text that was put together elsewhere, as "ratio of trace" by the row "ratio of %s"
 * of the table: what %s stands for is kept. A text that fits no row is a name, and kept whole. */
void word_composed(const char *english, char *text, size_t size);

/* The first text since words_speak that was asked for in vain; NULL: none. */
const char *words_missing(void);

void words_close(void);

#endif
