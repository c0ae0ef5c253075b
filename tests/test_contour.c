/* Contour lines lie where the function has their level. */
#include "report/contour.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const struct box around = {{-2, -2}, {2, 2}};

static double bowl(void *context, double x, double y)
{
    (void)context;
    return x * x + y * y;
}

static double pass(void *context, double x, double y)
{
    (void)context;
    return x * y;
}

static double half_plane(void *context, double x, double y)
{
    (void)context;
    return x > 0 ? y : (double)NAN;
}

struct drawn {
    int segments;
    double length, nearest, farthest; /* from the centre */
    double least_product, least_x;
};

static void draw(void *context, const double from[2], const double to[2])
{
    struct drawn *drawn = context;
    double distance = hypot(from[0], from[1]);

    drawn->segments++;
    drawn->length += hypot(to[0] - from[0], to[1] - from[1]);
    drawn->nearest = fmin(drawn->nearest, distance);
    drawn->farthest = fmax(drawn->farthest, distance);
    drawn->least_product = fmin(drawn->least_product, from[0] * from[1]);
    drawn->least_x = fmin(drawn->least_x, from[0]);
}

static struct drawn contour(double (*f)(void *, double, double), size_t size, double level)
{
    struct drawn drawn = {.nearest = INFINITY, .least_product = INFINITY, .least_x = INFINITY};
    struct relief relief;

    assert_int_equal(relief_open(&relief, &around, size, size, f, NULL), 0);
    relief_contour(&relief, level, draw, &drawn);
    relief_close(&relief);
    return drawn;
}

static void a_bowl_has_circles(void **state)
{
    struct drawn drawn = contour(bowl, 81, 1);

    (void)state;
    assert_true(fabs(drawn.length - 2 * M_PI) < 0.01);
    assert_true(drawn.nearest > 0.998 && drawn.farthest < 1.0005);
    assert_int_equal(contour(bowl, 81, -1).segments, 0);
    assert_int_equal(contour(bowl, 81, 100).segments, 0);
}

/* With an even number of points the middle cell has all four edges crossed. */
static void a_saddle_keeps_its_branches_apart(void **state)
{
    struct drawn above = contour(pass, 40, 1e-3), below = contour(pass, 40, -1e-3);

    (void)state;
    assert_true(above.least_product > -1e-12);
    assert_true(below.least_product < 0);
    assert_int_equal(above.segments, below.segments);
    assert_true(fabs(above.length - below.length) < 1e-9);
}

static void what_is_not_finite_is_left_out(void **state)
{
    struct drawn drawn = contour(half_plane, 41, 0.05);

    (void)state;
    assert_true(drawn.segments > 0);
    assert_true(drawn.least_x > 0);
}

static void levels_part_the_box_into_equal_areas(void **state)
{
    struct relief relief;
    double levels[4];

    (void)state;
    assert_int_equal(relief_open(&relief, &around, 201, 201, bowl, NULL), 0);
    relief_levels(&relief, levels, 4);
    relief_close(&relief);
    /* The disc of level v has the area pi v: an eighth of 16, then three eighths. */
    assert_true(fabs(levels[0] - 2 / M_PI) < 0.02);
    assert_true(fabs(levels[1] - 6 / M_PI) < 0.02);
    assert_true(levels[2] < levels[3]);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bowl_has_circles),
        cmocka_unit_test(a_saddle_keeps_its_branches_apart),
        cmocka_unit_test(what_is_not_finite_is_left_out),
        cmocka_unit_test(levels_part_the_box_into_equal_areas),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
