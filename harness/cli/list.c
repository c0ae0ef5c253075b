/* batchlab list: what there is. */
#include "base/error.h"
#include "cli/command.h"
#include "import/mapping.h"
#include "registry.h"
#include "report/chart.h"
#include "report/dictionary.h"
#include "report/summary.h"
#include "train/rule.h"

#include <stdio.h>
#include <string.h>

static int list_engines(void)
{
    for (const struct builtin_engine *engine = registry_builtins(); engine->name; engine++)
        printf("%-12s %s%s%s%s\n", engine->name, engine->summary,
               engine->variants[0] ? "; after a colon: " : "", engine->variants,
               engine->takes_path ? ", or the path of a library" : "");
    printf("%-12s %s\n", "PATH", "any shared object with the symbol batchlab_engine");
    return 0;
}

static int list_charts(void)
{
    for (size_t i = 0; i < chart_count; i++)
        printf("%-12s %s (needs %s)\n", charts[i].name, charts[i].title, charts[i].needs);
    return 0;
}

static int list_optimizers(void)
{
    for (const struct rule *rule = rule_table(); rule->name; rule++)
        printf("%-12s %s\n", rule->name, rule->summary);
    return 0;
}

static int list_networks(void)
{
    char text[512];

    for (const struct network_spec *spec = network_presets(); spec->name[0]; spec++) {
        network_describe(spec, text, sizeof text);
        printf("%-16s %s\n", spec->name, text);
    }
    return 0;
}

static int list_keys(void)
{
    experiment_document(stdout);
    return 0;
}

/* "C24 C33" of its claims, each once. */
static void name_claims(const struct experiment *experiment, char *text, size_t size)
{
    size_t length = 0;

    text[0] = '\0';
    for (int c = 0; c < experiment->claims.count && length < size; c++) {
        const char *id = experiment->claims.list[c].id;
        int is_new = 1;

        for (int earlier = 0; earlier < c; earlier++)
            is_new &= strcmp(experiment->claims.list[earlier].id, id) != 0;
        if (is_new)
            length += (size_t)snprintf(text + length, size - length, "%s%s", length ? " " : "", id);
    }
}

/* All experiments of a tier together. */
struct total {
    int count, unmeasured;
    double seconds;
};

static int print_experiment(const struct experiment *experiment, void *context)
{
    struct total *total = (struct total *)context + experiment->tier;
    char claims[256], seconds[32] = "not measured";

    name_claims(experiment, claims, sizeof claims);
    if (experiment->expected_seconds > 0)
        snprintf(seconds, sizeof seconds, "%.0f s", experiment->expected_seconds);
    total->count++;
    total->seconds += experiment->expected_seconds;
    total->unmeasured += !(experiment->expected_seconds > 0);
    printf("%-20s %-8s %12s  %s\n", experiment->name,
           experiment->tier == TIER_NONE ? "" : tiers[experiment->tier].name, seconds, claims);
    summary_print_indented(stdout, 4, experiment->question);
    return 0;
}

static void print_total(enum tier tier, const struct total *total)
{
    printf("tier %-8s %3d experiments %7.0f s of at most %.0f", tiers[tier].name, total->count,
           total->seconds, tier_seconds[tier]);
    if (total->unmeasured > 0)
        printf(", and %d not measured", total->unmeasured);
    putchar('\n');
}

static int list_experiments(void)
{
    struct total totals[TIER_REPORT + 1] = {{0}};

    printf("%-20s %-8s %12s  %s\n", "experiment", "tier", "expected", "claims");
    if (command_each_experiment(print_experiment, totals) != 0)
        return -1;
    putchar('\n');
    for (int tier = TIER_CI; tier <= TIER_REPORT; tier++)
        print_total((enum tier)tier, &totals[tier]);
    return 0;
}

static int list_import(void)
{
    mapping_document(stdout);
    return 0;
}

static int list_columns(int as_json)
{
    struct dictionary dictionary;
    int status = dictionary_open(&dictionary, dictionary_text);

    if (status == 0 && as_json)
        status = dictionary_print_json(stdout, &dictionary);
    for (size_t i = 0; status == 0 && !as_json && i < dictionary.count; i++) {
        const struct dictionary_entry *entry = &dictionary.entries[i];

        if (i == 0 || strcmp(entry->file, entry[-1].file) != 0)
            printf("%s%s\n", i == 0 ? "" : "\n", entry->file);
        printf("  %s%s%s%s\n", entry->name, entry->unit[0] ? " [" : "", entry->unit,
               entry->unit[0] ? "]" : "");
        summary_print_indented(stdout, 6, entry->meaning);
    }
    dictionary_close(&dictionary);
    return status;
}

static int list_columns_as_text(void)
{
    return list_columns(0);
}

static const struct {
    const char *name;
    int (*list)(void);
} lists[] = {
    {"engines", list_engines},   {"charts", list_charts},           {"optimizers", list_optimizers},
    {"networks", list_networks}, {"experiments", list_experiments}, {"keys", list_keys},
    {"import", list_import},     {"columns", list_columns_as_text},
};

struct arguments {
    const char *what;
    int as_json;
};

static const struct argp_option options[] = {
    {"json", 'j', NULL, 0, "Of columns: for programs", 0},
    {0},
};

static error_t parse(int key, char *text, struct argp_state *state)
{
    struct arguments *arguments = state->input;

    switch (key) {
    case 'j':
        arguments->as_json = 1;
        break;
    case ARGP_KEY_ARG:
        if (arguments->what)
            argp_error(state, "unexpected argument '%s'", text);
        arguments->what = text;
        break;
    case ARGP_KEY_END:
        if (!arguments->what)
            argp_error(state, "expected engines, charts, optimizers, networks, experiments, keys, "
                              "import or columns");
        else if (arguments->as_json && strcmp(arguments->what, "columns") != 0)
            argp_error(state, "--json is of columns");
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static const struct argp argp = {
    options,
    parse,
    "engines|charts|optimizers|networks|experiments|keys|import|columns",
    "Lists what there is; `keys` documents experiment files, `import` "
    "mappings, `columns` results.",
    0,
    0,
    0};

int command_list(int argc, char **argv)
{
    struct arguments arguments = {0};
    const char *what;

    if (argp_parse(&argp, argc, argv, 0, NULL, &arguments) != 0)
        return STATUS_USAGE;
    what = arguments.what;
    if (arguments.as_json)
        return list_columns(1) == 0 ? STATUS_OK : command_failed();
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        if (strcmp(lists[i].name, what) == 0)
            return lists[i].list() == 0 ? STATUS_OK : command_failed();
    fprintf(stderr,
            "batchlab list: '%s' is unknown, expected engines, charts, optimizers, networks, "
            "experiments, keys, import or columns\n",
            what);
    return STATUS_USAGE;
}
