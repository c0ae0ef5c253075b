/* The plots of each script. */
#include "pages/drawn.h"

#include <string.h>

static const char *const heatmap_says[] = {"batch_size",      "learning_rate", "validation_error",
                                           "validation_loss", "train_loss",    "n",
                                           "diverged",        "not_trained",   NULL};
static const char *const verdict_series[] = {"confirmed", "refuted", "inconclusive", NULL};

#define COST(unit)                                                                                 \
    {                                                                                              \
        {EACH_SERIES}, {EACH_SERIES, "median_" unit, REACHED},                                     \
            {EACH_SERIES, "median_" unit, CENSORED},                                               \
    }
#define FIT(unit)                                                                                  \
    {                                                                                              \
        {ONCE}, {ONCE}, {EACH_SERIES}, {EACH_SERIES}, {EACH_SERIES}, {EACH_SERIES},                \
            {EACH_SERIES, "median_" unit, REACHED, "kind", "point"},                               \
            {EACH_SERIES, "median_" unit, CENSORED, "kind", "point"},                              \
    }
#define LINES(column)                                                                              \
    {                                                                                              \
        {EACH_SERIES}, {EACH_SERIES, column},                                                      \
    }
/* A band, and a line that has a vertex for each row. */
#define CURVE(x, y)                                                                                \
    {                                                                                              \
        {EACH_SERIES}, {EACH_SERIES, y, ALWAYS, NULL, NULL, MARK_LINE, x},                         \
    }

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
static const struct drawn scripts[] = {
    {"target", "batch_size", 0, {COST("seconds"), COST("updates"), COST("examples")}},
    {"redundancy", "redundancy", 0, {COST("updates"), COST("examples"), COST("seconds")}},
    {"grid", "batch_size", 1, {COST("seconds")}},
    {"critical_batch", "batch_size", 0, {FIT("updates"), FIT("examples")}, "kind", "point"},
    {"sensitivity", "learning_rate", 0, {LINES("median")}},
    {"volume", "train_examples", 0, {LINES("median_error"), LINES("median_gap")}},
    {"nested", "examples", 1, {LINES("value")}},
    {"predictions", "batch_size", 0, {LINES("variance"), {{EACH_SERIES, "disagreement"}}}},
    {"variance", "batch_size", 1, {{{EACH_SERIES, "variance_ratio"}}}},
    {"effective_size", "examples", 1, {{{EACH_SERIES}, {EACH_SERIES, "effective_examples"}}}},
    {"noise_scale",
     "epochs",
     0,
     {{{EACH_SERIES, "noise_scale", ALWAYS, "estimate", "exact"},
       {EACH_SERIES, "noise_scale", ALWAYS, "estimate", "two_batch"}},
      {{EACH_SERIES, "ratio", ALWAYS, "estimate", "two_batch"}, {EACH_SERIES}}}},
    {"throughput",
     "batch_size",
     1,
     {{{EACH_ROOF},
       {EACH_SERIES},
       {EACH_SERIES, "examples_per_second", ALWAYS, "input", "gather"},
       {EACH_SERIES, "examples_per_second", ALWAYS, "input", "pregathered"}}}},
    {"verdicts",
     "at",
     1,
     {{{ONCE},
       {ONCE},
       {ONCE},
       {ONCE},
       {ONCE},
       {EACH_SERIES, "line", ALWAYS, "delivered", "1"},
       {EACH_SERIES},
       {EACH_SERIES, "line", ALWAYS, "delivered", "0"},
       {EACH_SERIES}}},
     NULL,
     NULL,
     "mark",
     verdict_series,
     1},
    {"scale",
     "workers",
     1,
     {{{ONCE},
       {ONCE},
       {EACH_SERIES, "examples_per_second", ALWAYS, "kind", "predicted", MARK_LINE},
       {EACH_SERIES, "examples_per_second", ALWAYS, "kind", "measured"},
       {EACH_SERIES, "seconds", ALWAYS, "kind", "target", MARK_LINE, "batch_size"}}}},
    {"loss",
     "epochs",
     0,
     {CURVE("epochs", "train_loss"), CURVE("epochs", "validation_loss"),
      CURVE("updates", "train_loss"), CURVE("updates", "validation_loss"),
      CURVE("train_seconds", "train_loss"), CURVE("train_seconds", "validation_loss")}},
    {"budgets", "place", 1, {CURVE(NULL, "train_loss")}},
    {"survival", "updates", 0, {{{EACH_SERIES, "share", ALWAYS, NULL, NULL, MARK_LINE}}}},
    {.chart = "heatmap",
     .x = "column",
     .by_panel = 1,
     .layouts = {{{ONCE, "row", ALWAYS, "masked", "1", MARK_BOX},
                  {ONCE},
                  {ONCE, "row", ALWAYS, "masked", "0", MARK_BOX}}},
     .more = heatmap_says,
     .without_series = 1},
    {.chart = "trajectory",
     .x = "x",
     .by_panel = 1,
     .layouts = {{{ONCE},
                  {EACH_SERIES, "y", ALWAYS, NULL, NULL, MARK_LINE},
                  {EACH_SERIES},
                  {EACH_SERIES, "y", ALWAYS, "kind", "end"},
                  {EACH_SERIES, "y", ALWAYS, "kind", "start"}}},
     .frame = "view"},
};
#pragma GCC diagnostic pop

const struct drawn *drawn_of(const char *chart)
{
    for (size_t s = 0; s < sizeof scripts / sizeof *scripts; s++)
        if (strcmp(scripts[s].chart, chart) == 0)
            return &scripts[s];
    return NULL;
}
