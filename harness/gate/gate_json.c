/* gate.json: how a gate was made, for whoever wants to trust or repeat it. */
#include "gate/gate.h"

#include "base/error.h"
#include "base/json.h"
#include "build_info.h"
#include "run/host.h"

enum { GATE_SCHEMA_VERSION = 1 };

static json_t *describe_side(const struct contender *side)
{
    return json_pack("{s:s, s:s, s:s, s:f, s:s}", "given", side->given, "version", side->version,
                     "engine", side->engine, "planted_share", side->planted, "note", side->note);
}

static json_t *describe_options(const struct gate *gate)
{
    const struct gate_options *options = &gate->options;

    return json_pack("{s:i, s:i, s:f, s:f, s:f, s:o, s:I, s:i}", "rounds", gate->rounds, "turns",
                     options->turns, "slice_seconds", options->slice, "margin", options->margin,
                     "confidence_of_each", gate->confidence, "budget_seconds",
                     json_number_or_null(options->budget), "seed", (json_int_t)options->seed,
                     "processor", options->processor);
}

static json_t *describe_verdicts(const struct gate *gate)
{
    json_t *verdicts = json_object();

    for (int v = 0; v < GATE_VERDICTS; v++)
        json_object_set_new(verdicts, gate_verdict_names[v],
                            json_integer(gate_count(gate, (enum gate_verdict)v)));
    return verdicts;
}

static json_t *describe_host(const struct gate *gate)
{
    struct host host;

    host_read(&host);
    return json_pack("{s:s, s:s, s:s, s:i, s:o, s:f}", "cpu", host.cpu, "kernel", host.kernel,
                     "governor", host.governor, "processors", host.processor_count, "load_before",
                     json_number_or_null(gate->load_before), "clock_resolution_seconds",
                     gate->resolution);
}

int gate_write_json(const struct gate *gate, const char *folder)
{
    char path[PATH_MAX];
    int status;
    json_t *json = json_pack(
        "{s:i, s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:s, s:f, s:b}", "schema_version",
        GATE_SCHEMA_VERSION, "program", BATCHLAB_VERSION " (" BATCHLAB_COMMIT ")", "started",
        gate->started, "experiment", gate->options.file, "base",
        describe_side(&gate->sides[GATE_BASE]), "head", describe_side(&gate->sides[GATE_HEAD]),
        "options", describe_options(gate), "machine", describe_host(gate), "verdicts",
        describe_verdicts(gate), "calibration", gate->calibration, "seconds", gate->seconds,
        "budget_was_over", gate->is_cut);

    if (!json)
        return error_set("%s/gate.json: cannot be written: a text that is not UTF-8", folder);
    snprintf(path, sizeof path, "%s/gate.json", folder);
    status = json_write_file(json, path);
    json_decref(json);
    return status;
}
