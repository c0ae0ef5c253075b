# How many times as fast as the best peer: one panel per network, a line per number of threads.
#   gnuplot -c tests/peers/peers.gp RESULTS OUT.svg|png|pdf
name = "peers"
results = ARG1
output = ARG2
width = 980
height = 780
load ARG0[1:strlen(ARG0) - strlen("tests/peers/".name.".gp")]."plots/style.gp"

stats data using (take_caption(strcol("caption"), strcol("source")), \
                  take_panel(column("panel"), "network ".strcol("panel_title")), \
                  take_series(column("series"), strcol("label")), 1) nooutput

heading = "batchlab against the best of its peers"
ok = split_caption(0)
panel_columns = panel_count < 2 ? panel_count : 2
panel_rows = (panel_count + panel_columns - 1) / panel_columns
legend_width = legend_of(longest_label)
@fit_titles
@resize

set output output
set multiplot
@page
do for [p = 1:panel_count] {
    c = (p - 1) % panel_columns + 1
    r = (p - 1) / panel_columns + 1
    ok = forget(0)
    ok = forget_k(0)
    stats data using (column("panel") == p ? (take_k(column("batch_size"), 0), take(1), \
        take(column("ratio")), take(column("ratio_low")), take(column("ratio_high")), 1) : 0) nooutput
    ok = settle(1.2)
    @place
    @log_y
    @batch_x
    @panel_title
    if (c == 1) { set ylabel "times as many examples per second" } else { unset ylabel }
    if (p + panel_columns > panel_count) { set xlabel "batch size K [examples]" } else { unset xlabel }
    shown(i) = column("panel") == p && column("series") == i ? column("batch_size") : NaN
    plot 1 with lines dashtype (2,3) lc rgb "#444444" lw 2, \
        for [i = 1:series_count] data \
            using (shown(i)):(column("ratio")):(column("ratio_low")):(column("ratio_high")) \
            with yerrorbars linetype 200 + i pointtype -1, \
        for [i = 1:series_count] data using (shown(i)):(column("ratio")) with linespoints linetype i
    unset label
}
@legend_place
plot for [i = 1:series_count] NaN with linespoints linetype i title labels[i], \
    NaN with lines dashtype (2,3) lc rgb "#444444" lw 2 title "as fast"
unset multiplot
unset output
