# Examples per second against batch size: one panel per network, a line per engine and threads.
#   gnuplot -c plots/throughput.gp RESULTS OUT.svg|png|pdf
name = "throughput"
results = ARG1
output = ARG2
width = 1240
height = 560
load ARG0[1:strlen(ARG0) - strlen(name.".gp")]."style.gp"

stats data using (take_caption(strcol("caption"), strcol("source")), \
                  take_panel(column("panel"), sprintf(translated("network %s"), strcol("panel_title"))), \
                  strcol("input") eq "roof" ? 1 : take_series(column("series"), strcol("label")), 1) nooutput

heading = say("Throughput by batch size")
ok = split_caption(0)
legend_width = legend_of(longest_label, series_count + 3)
panel_columns = fitting(panel_count < 3 ? panel_count : 3)
panel_rows = (panel_count + panel_columns - 1) / panel_columns
@fit_titles
height = 190 + (gap_height + 312) * panel_rows
@fit_page

row_of(p, i, input) = column("panel") == p && column("series") == i && strcol("input") eq input
# Roofs have numbers, labels and ends of their own.
array roof_labels[256]
array roof_ends[256]
array roof_panels[256]
roof_count = 0
take_roof(i, p, text, roof) = (roof_labels[int(i)] = text, roof_panels[int(i)] = int(p), \
    roof_ends[int(i)] = roof, roof_count = larger(roof_count, int(i)), 1)
stats data using (strcol("input") eq "roof" ? take_roof(column("series"), column("panel"), \
    strcol("label"), column("examples_per_second")) : 0) nooutput
is_roof(i) = strcol("input") eq "roof" && column("series") == i
# A row whose rate is empty is a cell that did not run.
k_of(p, i, input) = row_of(p, i, input) ? column("batch_size") : NaN

set output output
set multiplot
@page
do for [p = 1:panel_count] {
    c = (p - 1) % panel_columns + 1
    r = (p - 1) / panel_columns + 1
    ok = forget(0)
    ok = forget_k(0)
    stats data using (column("panel") == p ? (take_k(column("batch_size"), column("full_batch")), \
        take(column("examples_per_second")), take(column("examples_per_second_q1")), \
        take(column("examples_per_second_q3")), take(column("roof_examples_per_second")), 1) : 0) nooutput
    ok = settle(1.4)
    @place
    @log_y
    @batch_x
    @panel_title
    if (c == 1) { set ylabel upright(say("examples per second")) } else { unset ylabel }
    if (p + panel_columns > panel_count) { set xlabel say("batch size K [examples]") } else { unset xlabel }
    # At the left, above the height that the line ends at: rates are below it, and rise to the right.
    do for [j = 1:roof_count] {
        if (roof_panels[j] == p) {
            set label 100 + j plain(roof_labels[j]) at graph 0.02,first roof_ends[j] left offset 0,0.6 \
                font small_font textcolor rgb "#444444"
        }
    }
    plot for [j = 1:roof_count] data \
            using (is_roof(j) && roof_panels[j] == p ? column("batch_size") : NaN):(column("examples_per_second")) \
            with lines dashtype (2,3) lc rgb "#444444" lw 2, \
        for [i = 1:series_count] data \
            using (k_of(p, i, "gather")):(column("examples_per_second")):(column("examples_per_second_q1")):(column("examples_per_second_q3")) \
            with yerrorbars linetype 200 + i pointtype -1, \
        for [i = 1:series_count] data \
            using (k_of(p, i, "gather")):(column("examples_per_second")) with linespoints linetype 200 + i, \
        for [i = 1:series_count] data \
            using (k_of(p, i, "pregathered")):(column("examples_per_second")) \
            with linespoints linetype 100 + i dashtype (8,4) pointsize 0.8 * mark_scale
    unset label
}
@legend_place
plot for [i = 1:series_count] NaN with linespoints linetype 200 + i title labels[i], \
    NaN with lines linetype 207 title say("gathered"), NaN with lines linetype 207 dashtype (8,4) title say("pre-gathered"), \
    NaN with lines dashtype (2,3) lc rgb "#444444" lw 2 title say("roof")
@finish
