# Examples per second against batch size: one panel per network, a line per engine and threads.
#   gnuplot -c plots/throughput.gp RESULTS OUT.svg|png|pdf
name = "throughput"
results = ARG1
output = ARG2
width = 1240
height = 560
load ARG0[1:strlen(ARG0) - strlen(name.".gp")]."style.gp"

stats data using (take_caption(strcol("caption"), strcol("source")), \
                  take_panel(column("panel"), "network ".strcol("panel_title")), \
                  take_series(column("series"), strcol("label")), 1) nooutput

heading = "Throughput by batch size"
ok = split_caption(0)
panel_columns = panel_count < 3 ? panel_count : 3
panel_rows = (panel_count + panel_columns - 1) / panel_columns
legend_width = legend_of(longest_label)
@fit_titles
height = 190 + (gap_height + 312) * panel_rows
@resize

row_of(p, i, input) = column("panel") == p && column("series") == i && strcol("input") eq input
# "threads roof threads roof ...", each once
add_roof(threads, roof) = (roof == roof && !strstrt(" ".roofs, sprintf(" %.0f ", threads))) \
    ? roofs.sprintf("%.0f %g ", threads, roof) : roofs
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
    roofs = ""
    stats data using (column("panel") == p ? (take_k(column("batch_size"), column("full_batch")), \
        take(column("examples_per_second")), take(column("examples_per_second_q1")), \
        take(column("examples_per_second_q3")), take(column("roof_examples_per_second")), \
        roofs = add_roof(column("threads"), column("roof_examples_per_second")), 1) : 0) nooutput
    ok = settle(1.4)
    @place
    @log_y
    @batch_x
    @panel_title
    if (c == 1) { set ylabel "examples per second" } else { unset ylabel }
    if (p + panel_columns > panel_count) { set xlabel "batch size K [examples]" } else { unset xlabel }
    do for [j = 1:words(roofs) / 2] {
        roof = real(word(roofs, 2 * j))
        set arrow 100 + j from graph 0, first roof to graph 1, first roof nohead lc rgb grey lw 0.8
        set label 100 + j sprintf("peak, %s thread%s", word(roofs, 2 * j - 1), word(roofs, 2 * j - 1) eq "1" ? "" : "s") \
            at graph 0.02, first roof offset 0,0.5 font small_font textcolor rgb "#555555"
    }
    plot for [i = 1:series_count] data \
            using (k_of(p, i, "gather")):(column("examples_per_second")):(column("examples_per_second_q1")):(column("examples_per_second_q3")) \
            with yerrorbars linetype 200 + i pointtype -1, \
        for [i = 1:series_count] data \
            using (k_of(p, i, "gather")):(column("examples_per_second")) with linespoints linetype 200 + i, \
        for [i = 1:series_count] data \
            using (k_of(p, i, "pregathered")):(column("examples_per_second")) \
            with linespoints linetype 100 + i dashtype (8,4) pointsize 0.8 * mark_scale
    unset label
    unset arrow
}
@legend_place
plot for [i = 1:series_count] NaN with linespoints linetype 200 + i title labels[i], \
    NaN with lines linetype 207 title "gathered", NaN with lines linetype 207 dashtype (8,4) title "pre-gathered"
unset multiplot
unset output
