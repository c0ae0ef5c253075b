/* A gate as a table for the terminal, as gate.csv and samples.csv, and as the numbers of its chart.
 */
#include "gate/gate.h"

#include "base/error.h"
#include "base/file.h"
#include "base/stats.h"
#include "report/chart_parts.h"
#include "report/summary.h"
#include "run/host.h"

#include <math.h>
#include <string.h>

static const char *const stage_names[GATE_STAGES] = {"first", "confirmation"};

static double median_per_update(const struct gate_cell *cell, int side)
{
    const struct gate_series *series = &cell->series[GATE_FIRST];

    return stats_median(series->seconds[side], series->count) / (double)cell->updates;
}

/* ---- For the terminal -------------------------------------------------------------------------
 */

static void print_side(FILE *out, const struct contender *side)
{
    char line[1200];

    snprintf(line, sizeof line, "%s: %s (%s)", side->label, side->given, side->version);
    summary_print_wrapped(out, line);
    if (side->note[0])
        summary_print_wrapped(out, side->note);
    if (side->planted > 0)
        fprintf(out, "  slowed down: %.3g %% of its calls are made twice\n", 100 * side->planted);
}

static int was_timed(const struct gate_cell *cell)
{
    return cell->series[GATE_FIRST].count > 0 && cell->verdict != GATE_WRONG &&
           cell->verdict != GATE_MISSING;
}

static void print_cell(FILE *out, const struct gate_cell *cell)
{
    const struct paired_finding *first = &cell->findings[GATE_FIRST];
    char interval[48] = "";

    if (was_timed(cell)) {
        snprintf(interval, sizeof interval, "%6.3f [%.3f, %.3f]", first->ratio, first->low,
                 first->high);
        fprintf(out, "  %-29s %-22s %5zu %s\n", cell->name, interval,
                cell->series[GATE_FIRST].count, gate_verdict_names[cell->verdict]);
    } else {
        fprintf(out, "  %-29s %-22s %5s %s\n", cell->name, "", "",
                gate_verdict_names[cell->verdict]);
    }
    if (cell->verdict != GATE_SAME)
        summary_print_indented(out, 4, cell->reason);
}

static void print_tags(FILE *out, const struct gate *gate)
{
    size_t tagged = 0, ties = 0;
    char line[400];

    for (int c = 0; c < gate->count; c++) {
        tagged += gate->cells[c].tagged[GATE_BASE] + gate->cells[c].tagged[GATE_HEAD];
        ties += gate->cells[c].findings[GATE_FIRST].ties;
    }
    snprintf(line, sizeof line,
             "%zu of %zu turns disturbed (stolen time or involuntary switches; kept), %zu ties. "
             "Intervals of %.2f %% each: all hold at once in 95 %%. %.0f s.",
             tagged, gate->turn_count, ties, 100 * gate->confidence, gate->seconds);
    summary_print_wrapped(out, line);
}

static void print_count(FILE *out, const char *name, const struct count_judgement *judged)
{
    char line[1024];

    snprintf(line, sizeof line, "%s, %s: %s: %s", name, count_names[judged->quantity].what,
             count_verdict_names[judged->verdict], judged->reason);
    summary_print_indented(out, 2, line);
}

/* What is other than it was, many harmless changes aside; what could not be counted. */
static void print_counts(FILE *out, const struct gate *gate)
{
    enum { CHANGES_SHOWN = 6 };
    enum count_verdict least =
        gate_counted(gate, COUNT_CHANGED) > CHANGES_SHOWN ? COUNT_UNKNOWN : COUNT_CHANGED;
    int counted = 0;

    for (int c = 0; c < gate->count; c++)
        counted += gate->cells[c].is_counted;
    if (counted > 0)
        fprintf(out,
                "\nWithout a clock, of %d cell%s: %d counts the same, %d changed, %d worse, %d "
                "wrong\n",
                counted, counted == 1 ? "" : "s", gate_counted(gate, COUNT_SAME),
                gate_counted(gate, COUNT_CHANGED), gate_counted(gate, COUNT_WORSE),
                gate_counted(gate, COUNT_WRONG));
    for (int c = 0; c < gate->count; c++) {
        const struct gate_cell *cell = &gate->cells[c];

        for (int q = 0; q < COUNT_QUANTITIES && cell->is_counted; q++)
            if (cell->counts.of[q].verdict >= least)
                print_count(out, cell->name, &cell->counts.of[q]);
        if (cell->count_reason[0])
            summary_print_indented(out, 2, cell->count_reason);
    }
}

void gate_print(FILE *out, const struct gate *gate)
{
    for (int s = 0; s < GATE_SIDES; s++)
        print_side(out, &gate->sides[s]);
    fprintf(out, "\n  %-29s %-22s %5s\n", "cell", "head / base, interval", "rounds");
    for (int c = 0; c < gate->count; c++)
        print_cell(out, &gate->cells[c]);
    fputs("\n", out);
    for (int v = 0, listed = 0; v < GATE_VERDICTS; v++)
        if (gate_count(gate, (enum gate_verdict)v) > 0)
            fprintf(out, "%s%d %s", listed++ ? ", " : "", gate_count(gate, (enum gate_verdict)v),
                    gate_verdict_names[v]);
    fputs("\n", out);
    print_tags(out, gate);
    print_counts(out, gate);
    if (gate->calibration[0])
        summary_print_wrapped(out, gate->calibration);
    if (gate->is_cut)
        summary_print_wrapped(out, "The budget was over before all rounds were made.");
}

/* ---- gate.csv, samples.csv --------------------------------------------------------------------
 */

static void write_finding(FILE *file, const struct paired_finding *finding)
{
    csv_next_number(file, finding->ratio);
    csv_next_number(file, finding->low);
    csv_next_number(file, finding->high);
}

static void write_cell(FILE *file, const struct gate_cell *cell)
{
    const struct paired_finding nothing = {.ratio = NAN,
                                           .low = NAN,
                                           .high = NAN,
                                           .coverage = NAN,
                                           .cpu_ratio = NAN,
                                           .minimum_ratio = NAN};
    int timed = was_timed(cell);
    const struct paired_finding *first = timed ? &cell->findings[GATE_FIRST] : &nothing;

    csv_field(file, cell->name);
    fprintf(file, ",%s,%ld,%zu", gate_verdict_names[cell->verdict], cell->updates,
            cell->series[GATE_FIRST].count);
    for (int s = 0; s < GATE_SIDES; s++)
        csv_next_number(file, timed ? median_per_update(cell, s) : (double)NAN);
    write_finding(file, first);
    csv_next_number(file, timed ? first->coverage : (double)NAN);
    csv_next_number(file, timed ? cell->margin : (double)NAN);
    csv_next_number(file, cell->floor);
    csv_next_number(file, first->cpu_ratio);
    csv_next_number(file, first->minimum_ratio);
    fprintf(file, ",%zu,%zu,%zu", first->ties, cell->tagged[GATE_BASE], cell->tagged[GATE_HEAD]);
    write_finding(file, cell->is_confirmed ? &cell->findings[GATE_CONFIRMATION] : &nothing);
    fputc(',', file);
    csv_field(file, cell->library);
    fputc(',', file);
    csv_field(file, cell->reason);
    fputc('\n', file);
}

static int write_cells(const struct gate *gate, const char *folder)
{
    struct whole_file file;
    char path[PATH_MAX];

    snprintf(path, sizeof path, "%s/gate.csv", folder);
    if (file_begin(&file, path) != 0)
        return -1;
    fputs("cell,verdict,updates,rounds,base_seconds_per_update,head_seconds_per_update,ratio,low,"
          "high,coverage,margin,floor,cpu_ratio,minimum_ratio,ties,disturbed_base,disturbed_head,"
          "confirmed_ratio,confirmed_low,confirmed_high,library,reason\n",
          file.stream);
    for (int c = 0; c < gate->count; c++)
        write_cell(file.stream, &gate->cells[c]);
    return file_commit(&file);
}

static int write_samples(const struct gate *gate, const char *folder)
{
    struct whole_file file;
    char path[PATH_MAX];

    snprintf(path, sizeof path, "%s/samples.csv", folder);
    if (file_begin(&file, path) != 0)
        return -1;
    fputs("cell,stage,round,position,side,updates,seconds,cpu_seconds,involuntary_switches,"
          "steal_seconds,load,disturbed\n",
          file.stream);
    for (size_t t = 0; t < gate->turn_count; t++) {
        const struct gate_turn *turn = &gate->turns[t];

        csv_field(file.stream, gate->cells[turn->cell].name);
        fprintf(file.stream, ",%s,%d,%d,%s,%ld,%.9g,%.9g,%g", stage_names[turn->stage], turn->round,
                turn->position, gate_side_names[turn->side], gate->cells[turn->cell].updates,
                turn->sample.wall, turn->sample.cpu, turn->sample.switches);
        csv_next_number(file.stream, turn->sample.steal);
        csv_next_number(file.stream, turn->sample.load);
        fprintf(file.stream, ",%d\n", gate_sample_tagged(&turn->sample));
    }
    return file_commit(&file);
}

static int write_counts(const struct gate *gate, const char *folder)
{
    struct whole_file file;
    char path[PATH_MAX];

    snprintf(path, sizeof path, "%s/counts.csv", folder);
    if (file_begin(&file, path) != 0)
        return -1;
    counts_write_header(file.stream);
    for (int c = 0; c < gate->count; c++)
        if (gate->cells[c].is_counted)
            counts_write_rows(file.stream, gate->cells[c].name, &gate->cells[c].counts);
    return file_commit(&file);
}

/* ---- The chart --------------------------------------------------------------------------------
 */

static void draw_cell(struct sheet *sheet, const struct gate_cell *cell, int line)
{
    static const char *const kinds[GATE_VERDICTS] = {[GATE_SAME] = "same",
                                                     [GATE_IMPROVED] = "faster",
                                                     [GATE_REGRESSION] = "slower",
                                                     [GATE_INCONCLUSIVE] = "unclear"};
    const struct paired_finding *first = &cell->findings[GATE_FIRST];

    sheet_number(sheet, line);
    sheet_text(sheet, cell->name);
    sheet_text(sheet, kinds[cell->verdict]);
    sheet_number(sheet, first->ratio);
    sheet_number(sheet, first->low > 0 ? first->low : (double)NAN);
    sheet_number(sheet, first->high);
    sheet_number(sheet, 1 / (1 + cell->margin));
    sheet_number(sheet, 1 + cell->margin);
    sheet_end_row(sheet);
}

static int write_sheet(const void *context, FILE *file)
{
    const struct gate *gate = context;
    struct sheet sheet = {.file = file};
    struct host host;
    char part[96];
    int line = 0;

    host_read(&host);
    snprintf(part, sizeof part, "bars: %.2f %% interval each", 100 * gate->confidence);
    sheet_explain(&sheet, "points: time of the head over that of the base");
    sheet_explain(&sheet, part);
    sheet_explain(&sheet, "grey: the margin that counts as no difference");
    snprintf(sheet.source, sizeof sheet.source, "base: %s · head: %s · %s",
             gate->sides[GATE_BASE].given, gate->sides[GATE_HEAD].given, host.cpu);
    sheet_header(&sheet, "line,label,verdict,ratio,low,high,margin_low,margin_high");
    for (int c = 0; c < gate->count; c++)
        if (was_timed(&gate->cells[c]) && gate->cells[c].verdict != GATE_UNSUPPORTED)
            draw_cell(&sheet, &gate->cells[c], ++line);
    return 0;
}

int gate_write(const struct gate *gate, const char *folder)
{
    if (folder_make(folder) != 0 || gate_write_json(gate, folder) != 0 ||
        write_cells(gate, folder) != 0 || write_samples(gate, folder) != 0 ||
        write_counts(gate, folder) != 0)
        return -1;
    return sheet_write_file(folder, "gate", write_sheet, gate);
}
