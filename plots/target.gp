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

heading = "Cost of reaching a target, by batch size"
ok = split_caption(0)
@find_censored
panel_columns = 3
legend_width = 200.0
r = 1

set output output
set multiplot
@page
set xlabel "batch size K [examples]"
@batch_x
do for [c = 1:3] {
    what = axis_columns[c]
    @cost_range
    @place
    @cost_y
    set ylabel axis_labels[c]
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
    NaN with points linetype 107 title "not reached"
unset multiplot
unset output
