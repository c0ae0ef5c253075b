/* How ranks of a farm introduce themselves. */
#include "run/farm_words.h"

#include "base/checksum.h"
#include "base/error.h"
#include "base/program.h"
#include "registry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

static unsigned long add_text(unsigned long crc, const char *text)
{
    return crc32(crc, (const Bytef *)text, (uInt)strlen(text) + 1);
}

unsigned long farm_sum_program(void)
{
    char path[PATH_MAX];
    unsigned long crc;

    return program_own(path, sizeof path) == 0 && checksum_file(path, &crc) == 0 ? crc : 0;
}

unsigned long farm_sum_engine(const struct experiment *experiment, const char *engine,
                              unsigned long sum)
{
    char specification[PATH_MAX], path[PATH_MAX], text[32];
    unsigned long crc = 0;
    struct message message;

    if (experiment_engine(experiment, engine, specification, sizeof specification) == 0 &&
        registry_path(path, sizeof path, specification, &message) == 0 &&
        checksum_file(path, &crc) != 0)
        crc = 0;
    snprintf(text, sizeof text, "%08lx", crc);
    return add_text(sum, text);
}

static unsigned long sum_engines(const struct campaign *campaign, const struct survey *survey)
{
    unsigned long sum = 0;

    for (int i = 0; i < survey->engine_count; i++)
        sum = farm_sum_engine(campaign->experiment, survey->engines[i], sum);
    return sum;
}

unsigned long farm_sum_plan(const struct plan *plan)
{
    unsigned long sum = add_text(0, plan->base);

    for (int i = 0; i < plan->count; i++)
        sum = add_text(sum, plan->cells[i].id);
    return sum;
}

void farm_introduce(struct farm_hello *hello, const struct campaign *campaign,
                    const struct survey *survey, const char *why)
{
    memset(hello, 0, sizeof *hello);
    if (why)
        snprintf(hello->why, sizeof hello->why, "%s", why);
    hello->program = farm_sum_program();
    gethostname(hello->host, sizeof hello->host - 1);
    if (host_line("/proc/sys/kernel/random/boot_id", hello->boot, sizeof hello->boot) != 0)
        snprintf(hello->boot, sizeof hello->boot, "%.39s", hello->host);
    if (why)
        return;
    hello->is_ready = 1;
    hello->engines = sum_engines(campaign, survey);
    hello->plan = farm_sum_plan(campaign->plan);
    hello->data = campaign->dataset->fingerprint;
    hello->survey = *survey;
}
