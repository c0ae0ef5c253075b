# Time to the target by engine and batch size: one panel per redundancy (and network).
#   gnuplot -c plots/grid.gp RESULTS OUT.svg|png|pdf
name = "grid"
results = ARG1
output = ARG2
width = 1240
height = 530
load ARG0[1:strlen(ARG0) - strlen(name.".gp")]."style.gp"

target = ""
what = "seconds"
stats data using (take_caption(strcol("caption"), strcol("source")), \
                  take_panel(column("panel"), strcol("panel_title")), \
                  take_series(column("series"), strcol("label")), \
                  target = strcol("target"), 1) nooutput

heading = sprintf(translated("Training time to %s, by engine and batch size"), target)
ok = split_caption(0)
@find_censored
legend_width = legend_of(longest_label, series_count + 1)
panel_columns = fitting(panel_count < 4 ? panel_count : (panel_count == 4 ? 2 : (panel_count <= 9 ? 3 : 4)))
panel_rows = (panel_count + panel_columns - 1) / panel_columns
@fit_titles
height = 190 + (gap_height + smaller(252.0, larger(130.0, 1600.0 / panel_rows - gap_height))) * panel_rows
@fit_page
@cost_range

set output output
set multiplot
@page
@cost_y
do for [p = 1:panel_count] {
    c = (p - 1) % panel_columns + 1
    r = (p - 1) / panel_columns + 1
    ok = forget_k(0)
    stats data using (column("panel") == p ? take_k(column("batch_size"), column("full_batch")) : 0) nooutput
    @place
    @batch_x
    @panel_title
    if (c == 1) { set ylabel upright(say("training time to target [s]")) } else { unset ylabel }
    if (p + panel_columns > panel_count) { set xlabel say("batch size K [examples]") } else { unset xlabel }
    plot for [i = 1:series_count] data \
            using (column("panel") == p && reached(i) ? column("batch_size") : NaN):(column("median_".what)):(column("low_".what)):(bar_end(column("high_".what))) \
            with yerrorbars linetype 200 + i pointtype -1, \
        for [i = 1:series_count] data \
            using (column("panel") == p && reached(i) ? column("batch_size") : NaN):(column("median_".what)) with linespoints linetype i, \
        for [i = 1:series_count] data \
            using (column("panel") == p && censored(i) ? column("batch_size") : NaN):(censored_height(i)) with points linetype 100 + i
    unset label
}
@legend_place
plot for [i = 1:series_count] NaN with linespoints linetype i title labels[i], \
    NaN with points linetype 107 title say("not reached")
@finish
