# Time, updates and examples to each target against batch size, each at its best learning rate.
#   gnuplot -c plots/target.gp RESULTS OUT.svg|png|pdf
name = "target"
results = ARG1
output = ARG2
width = 1240
height = 530
load ARG0[1:strlen(ARG0) - strlen(name.".gp")]."style.gp"

array axis_columns[3] = ["seconds", "updates", "examples"]
array axis_labels[3] = ["training time to target [s]", "updates to target", "examples to target"]

stats data using (take_caption(strcol("caption"), strcol("source")), \
                  take_series(column("series"), strcol("label")), \
                  take_k(column("batch_size"), column("full_batch")), 1) nooutput

heading = say("Cost of reaching a target, by batch size")
ok = split_caption(0)
@find_censored
legend_width = legend_within(200.0, longest_label, series_count + 1)
panel_count = 3
panel_columns = fitting(panel_count)
panel_rows = (panel_count + panel_columns - 1) / panel_columns
x_text = say("batch size K [examples]")
@fit_page

set output output
set multiplot
@page
do for [p = 1:panel_count] {
    what = axis_columns[p]
    @cost_range
    @next_panel
    @batch_x
    @cost_y
    set ylabel upright(say(axis_labels[p]))
    plot for [i = 1:series_count] data \
            using (reached(i) ? column("batch_size") : NaN):(column("median_".what)):(column("low_".what)):(bar_end(column("high_".what))) \
            with yerrorbars linetype 200 + i pointtype -1, \
        for [i = 1:series_count] data \
            using (reached(i) ? column("batch_size") : NaN):(column("median_".what)) with linespoints linetype i, \
        for [i = 1:series_count] data \
            using (censored(i) ? column("batch_size") : NaN):(censored_height(i)) with points linetype 100 + i
    unset label
}
@legend_place
plot for [i = 1:series_count] NaN with linespoints linetype i title labels[i], \
    NaN with points linetype 107 title say("not reached")
@finish
