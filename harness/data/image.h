/* What several modules do to images of bytes. Beyond their borders images are 0. */
#ifndef BATCHLAB_IMAGE_H
#define BATCHLAB_IMAGE_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* target[y][x] = source[y - dy][x - dx], images [height][width] that do not overlap; the rest of
 * the target stays as it is. |dy| <= height, |dx| <= width. */
static inline void image_shift(uint8_t *target, const uint8_t *source, ptrdiff_t height,
                               ptrdiff_t width, ptrdiff_t dy, ptrdiff_t dx)
{
    ptrdiff_t first_row = dy > 0 ? dy : 0, past_row = dy < 0 ? height + dy : height;
    ptrdiff_t first = dx > 0 ? dx : 0, past = dx < 0 ? width + dx : width;

    for (ptrdiff_t y = first_row; y < past_row; y++)
        memcpy(target + y * width + first, source + (y - dy) * width + first - dx,
               (size_t)(past - first));
}

static inline double image_pixel(const uint8_t *image, int height, int width, int y, int x)
{
    return y >= 0 && y < height && x >= 0 && x < width ? image[y * width + x] : 0;
}

/* The value `down` and `across`, both [0, 1), of a pixel away from (top, left), bilinear. */
static inline double image_blend(const uint8_t *image, int height, int width, int top, int left,
                                 double down, double across)
{
    return (1 - down) * ((1 - across) * image_pixel(image, height, width, top, left) +
                         across * image_pixel(image, height, width, top, left + 1)) +
           down * ((1 - across) * image_pixel(image, height, width, top + 1, left) +
                   across * image_pixel(image, height, width, top + 1, left + 1));
}

/* The value at (y, x). */
static inline double image_between(const uint8_t *image, int height, int width, double y, double x)
{
    double top = floor(y), left = floor(x);

    return image_blend(image, height, width, (int)top, (int)left, y - top, x - left);
}

#endif
