/* Drawing with characters. */
#include "report/canvas.h"

#include "base/error.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* ---- The terminal -----------------------------------------------------------------------------
 */

static int speaks_utf8(void)
{
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};

    for (size_t n = 0; n < sizeof names / sizeof *names; n++) {
        const char *value = getenv(names[n]);

        if (value && value[0])
            return strcasestr(value, "UTF-8") || strcasestr(value, "UTF8");
    }
    return 0;
}

static int width_of(FILE *stream)
{
    const char *columns = getenv("COLUMNS");
    struct winsize window = {0};
    char *end;
    long width = columns ? strtol(columns, &end, 10) : 0;

    if (columns && (end == columns || *end))
        width = 0;
    if (width <= 0 && ioctl(fileno(stream), TIOCGWINSZ, &window) == 0)
        width = window.ws_col;
    if (width <= 0)
        width = 80;
    return width < 20 ? 20 : width > 400 ? 400 : (int)width;
}

static int height_of(FILE *stream)
{
    struct winsize window = {0};

    return ioctl(fileno(stream), TIOCGWINSZ, &window) == 0 ? window.ws_row : 0;
}

struct terminal terminal_of(FILE *stream)
{
    const char *term = getenv("TERM"), *no_colour = getenv("NO_COLOR");

    return (struct terminal){
        .width = width_of(stream),
        .height = height_of(stream),
        .colour = isatty(fileno(stream)) && term && term[0] && strcmp(term, "dumb") != 0 &&
                  !(no_colour && no_colour[0]),
        .unicode = speaks_utf8(),
    };
}

/* Blue, red, green, magenta, yellow, cyan: those of a terminal that every one has. */
void terminal_colour(FILE *stream, const struct terminal *terminal, int series)
{
    static const int colours[] = {34, 31, 32, 35, 33, 36};

    if (terminal->colour)
        fprintf(stream, "\033[%dm", colours[(series - 1) % 6]);
}

void terminal_plain(FILE *stream, const struct terminal *terminal)
{
    if (terminal->colour)
        fputs("\033[0m", stream);
}

/* U+0800 and above, in UTF-8 */
static void put_character(FILE *stream, unsigned code)
{
    fputc((int)(0xE0 | code >> 12), stream);
    fputc((int)(0x80 | (code >> 6 & 0x3F)), stream);
    fputc((int)(0x80 | (code & 0x3F)), stream);
}

void terminal_bar(FILE *stream, const struct terminal *terminal, double length, int width)
{
    const unsigned full_block = 0x2588; /* and U+2589 .. U+258F are 7/8 .. 1/8 of it */
    int eighths = length > 0 ? (int)lround(8 * fmin(length, width)) : 0;

    for (int c = 0; c < width; c++) {
        int filled = eighths - 8 * c;

        if (filled <= 0)
            fputc(' ', stream);
        else if (!terminal->unicode)
            fputc(filled >= 4 ? '#' : ' ', stream);
        else
            put_character(stream, full_block + (filled >= 8 ? 0 : (unsigned)(8 - filled)));
    }
}

/* ---- The canvas -------------------------------------------------------------------------------
 */

int canvas_open(struct canvas *canvas, int columns, int rows)
{
    size_t count = (size_t)columns * (size_t)rows;

    *canvas = (struct canvas){.columns = columns, .rows = rows};
    canvas->dots = calloc(count, 1);
    canvas->series = calloc(count, 1);
    canvas->letters = calloc(count, 1);
    if (canvas->dots && canvas->series && canvas->letters)
        return 0;
    canvas_close(canvas);
    return error_set("out of memory for a chart of %d x %d characters", columns, rows);
}

void canvas_close(struct canvas *canvas)
{
    free(canvas->dots);
    free(canvas->series);
    free(canvas->letters);
    *canvas = (struct canvas){0};
}

/* Dots from the left and from the top; -1: beyond. */
static int dot_of(double share, int dots)
{
    if (!(share >= 0 && share <= 1))
        return -1;
    return (int)lround(share * (dots - 1));
}

static size_t character_at(const struct canvas *canvas, int x, int y)
{
    return (size_t)(y / 4) * (size_t)canvas->columns + (size_t)(x / 2);
}

static void set_dot(struct canvas *canvas, int x, int y, int series)
{
    static const unsigned char bits[4][2] = {
        {0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}};
    size_t at = character_at(canvas, x, y);

    canvas->dots[at] |= bits[y % 4][x % 2];
    canvas->series[at] = (unsigned char)series;
}

void canvas_point(struct canvas *canvas, double x, double y, int series)
{
    int across = dot_of(x, 2 * canvas->columns), down = dot_of(1 - y, 4 * canvas->rows);

    if (across >= 0 && down >= 0)
        set_dot(canvas, across, down, series);
}

void canvas_line(struct canvas *canvas, double x, double y, double to_x, double to_y, int series)
{
    int steps = 4 * (canvas->columns > canvas->rows ? 2 * canvas->columns : 4 * canvas->rows);

    if (!isfinite(x) || !isfinite(y) || !isfinite(to_x) || !isfinite(to_y))
        return;
    for (int s = 0; s <= steps; s++) {
        double share = (double)s / steps;

        canvas_point(canvas, x + share * (to_x - x), y + share * (to_y - y), series);
    }
}

void canvas_letter(struct canvas *canvas, double x, double y, int series)
{
    int across = dot_of(x, 2 * canvas->columns), down = dot_of(1 - y, 4 * canvas->rows);
    size_t at;

    if (across < 0 || down < 0)
        return;
    at = character_at(canvas, across, down);
    canvas->letters[at] = canvas_letter_of(series);
    canvas->series[at] = (unsigned char)series;
}

char canvas_letter_of(int series)
{
    return (char)('a' + (series - 1) % 26);
}

void canvas_print_row(const struct canvas *canvas, FILE *stream, int row,
                      const struct terminal *terminal)
{
    const unsigned empty_pattern = 0x2800;

    for (int c = 0; c < canvas->columns; c++) {
        size_t at = (size_t)row * (size_t)canvas->columns + (size_t)c;
        int drawn = canvas->dots[at] || canvas->letters[at];

        if (!drawn) {
            fputc(' ', stream);
            continue;
        }
        terminal_colour(stream, terminal, canvas->series[at]);
        if (canvas->letters[at] || !terminal->unicode)
            fputc(canvas->letters[at] ? canvas->letters[at] : canvas_letter_of(canvas->series[at]),
                  stream);
        else
            put_character(stream, empty_pattern + canvas->dots[at]);
        terminal_plain(stream, terminal);
    }
}
