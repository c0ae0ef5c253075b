/* The size of a drawn figure, where gnuplot writes none or rounds it. */
#include "report/figure.h"

#include "base/error.h"
#include "report/figure_bytes.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

static const double mm_per_inch = 25.4, points_per_inch = 72;

/* gnuplot's canvas is of whole pixels, and says no unit: the view is cut to what it should be. */
static int set_svg_size(const struct figure *figure, const char *path, const char *bytes,
                        size_t size)
{
    const char *tag = strstr(bytes, "<svg"), *end = tag ? strstr(tag, " xmlns") : NULL;
    const char *given = tag ? strstr(tag, "width=\"") : NULL;
    unsigned width, height;
    double scale = figure_scale(figure), pixels[2];
    char head[600];
    int length;

    if (!end || !given || sscanf(given, "width=\"%u\" height=\"%u\"", &width, &height) != 2)
        return error_set("%s: no SVG as gnuplot writes it", path);
    pixels[0] = figure_pixels(figure, figure->width_mm);
    pixels[1] = figure->height_mm > 0 ? figure_pixels(figure, figure->height_mm) : height;
    length =
        snprintf(head, sizeof head,
                 "%.*s<svg \n width=\"%.8gmm\" height=\"%.8gmm\"\n viewBox=\"0 0 %.8g %.8g\"\n",
                 (int)(tag - bytes), bytes, pixels[0] * scale / 96 * mm_per_inch,
                 pixels[1] * scale / 96 * mm_per_inch, pixels[0], pixels[1]);
    if (length < 0 || (size_t)length >= sizeof head)
        return error_set("%s: no SVG as gnuplot writes it", path);
    return figure_rewrite(
        path,
        (const struct figure_part[]){{head, (size_t)length}, {end, (size_t)(bytes + size - end)}},
        2);
}

static void put_number(unsigned char *bytes, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        bytes[i] = (unsigned char)(value >> (24 - 8 * i));
}

/* A chunk pHYs behind the first one, IHDR (PNG 1.2, 4.2.4.2). */
static int set_png_density(const struct figure *figure, const char *path, const char *bytes,
                           size_t size)
{
    enum { SIGNATURE_AND_HEADER = 33, CHUNK = 21 };
    static const char type[] = {'p', 'H', 'Y', 's'};
    double dpi = figure->dpi > 0 ? figure->dpi : 300;
    uint32_t per_metre = (uint32_t)lround(dpi / mm_per_inch * 1000);
    char head[SIGNATURE_AND_HEADER + CHUNK];
    unsigned char *chunk = (unsigned char *)head + SIGNATURE_AND_HEADER;

    if (size < SIGNATURE_AND_HEADER || memcmp(bytes + 12, "IHDR", 4) != 0)
        return error_set("%s: no PNG", path);
    memcpy(head, bytes, SIGNATURE_AND_HEADER);
    put_number(chunk, 9);
    memcpy(chunk + 4, type, sizeof type);
    put_number(chunk + 8, per_metre);
    put_number(chunk + 12, per_metre);
    chunk[16] = 1; /* the unit is the metre */
    put_number(chunk + 17, (uint32_t)crc32(0, chunk + 4, 13));
    return figure_rewrite(
        path,
        (const struct figure_part[]){{head, sizeof head},
                                     {bytes + SIGNATURE_AND_HEADER, size - SIGNATURE_AND_HEADER}},
        2);
}

/* The last place of what stands in the first `size` bytes; NULL: none. */
static const char *last_of(const char *bytes, size_t size, const char *what)
{
    const char *found = NULL, *next = bytes;

    while ((next = memmem(next, size - (size_t)(next - bytes), what, strlen(what))))
        found = next++;
    return found;
}

/* The page's object and its size in points, as cairo 1.16 writes them. */
struct pdf_page {
    const char *object, *box, *box_end, *end;
    unsigned number, width, height, objects, root, info;
    long table;
};

/* 0: they are not written so. */
static int find_pdf_page(struct pdf_page *page, const char *bytes, size_t size)
{
    const char *trailer = last_of(bytes, size, "trailer"),
               *table = last_of(bytes, size, "startxref");

    page->box = memmem(bytes, size, "/MediaBox [", 11);
    page->object = page->box ? last_of(bytes, (size_t)(page->box - bytes), " 0 obj\n") : NULL;
    page->end = page->box ? strstr(page->box, "endobj\n") : NULL;
    if (!trailer || !table || !page->object || !page->end)
        return 0;
    while (page->object > bytes && page->object[-1] != '\n')
        page->object--;
    page->box_end = strchr(page->box, ']') + 1;
    return sscanf(page->object, "%u 0 obj", &page->number) == 1 &&
           sscanf(page->box, "/MediaBox [ 0 0 %u %u ]", &page->width, &page->height) == 2 &&
           sscanf(table, "startxref %ld", &page->table) == 1 &&
           sscanf(trailer, "trailer << /Size %u /Root %u 0 R /Info %u 0 R", &page->objects,
                  &page->root, &page->info) == 3;
}

/* cairo rounds a page to whole points. An incremental update (PDF 1.7, 7.5.6) says the page anew
 * with the size that it should have. Where the page lies in a compressed stream, as newer versions
 * of cairo write it, it stays as it is, less than a point off. */
static int set_pdf_size(const struct figure *figure, const char *path, const char *bytes,
                        size_t size)
{
    struct pdf_page page;
    double mm = figure->height_mm;
    char tail[2000];
    int object, rest;

    if (!find_pdf_page(&page, bytes, size))
        return 0;
    if (!(mm > 0))
        mm = page.height / points_per_inch * mm_per_inch;
    object =
        snprintf(tail, sizeof tail, "%.*s/MediaBox [ 0 0 %.6g %.6g ]%.*sendobj\n",
                 (int)(page.box - page.object), page.object,
                 figure->width_mm / mm_per_inch * points_per_inch,
                 mm / mm_per_inch * points_per_inch, (int)(page.end - page.box_end), page.box_end);
    if (object >= (int)sizeof tail - 300)
        return 0;
    rest = snprintf(tail + object, sizeof tail - (size_t)object,
                    "xref\n%u 1\n%010zu 00000 n \ntrailer\n<< /Size %u\n   /Root %u 0 R\n"
                    "   /Info %u 0 R\n   /Prev %ld\n>>\nstartxref\n%zu\n%%%%EOF\n",
                    page.number, size, page.objects, page.root, page.info, page.table,
                    size + (size_t)object);
    return figure_rewrite(
        path, (const struct figure_part[]){{bytes, size}, {tail, (size_t)(object + rest)}}, 2);
}

int figure_set_size(const struct figure *figure, enum figure_format format, const char *path)
{
    char *bytes;
    size_t size;
    int status = -1;

    if (!(figure->width_mm > 0) || format > FIGURE_PDF)
        return 0;
    bytes = figure_read(path, &size);
    if (bytes && format == FIGURE_SVG)
        status = set_svg_size(figure, path, bytes, size);
    else if (bytes && format == FIGURE_PNG)
        status = set_png_density(figure, path, bytes, size);
    else if (bytes)
        status = set_pdf_size(figure, path, bytes, size);
    free(bytes);
    return status;
}
