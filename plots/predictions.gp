# Variance of predictions across seeds, and how often seeds disagree, against batch size.
#   gnuplot -c plots/predictions.gp RESULTS OUT.svg|png|pdf
name = "predictions"
results = ARG1
output = ARG2
width = 1240
height = 530
load ARG0[1:strlen(ARG0) - strlen(name.".gp")]."style.gp"

most = 0.0
stats data using (take_caption(strcol("caption"), strcol("source")), \
                  take_series(column("series"), strcol("label")), \
                  take_k(column("batch_size"), column("full_batch")), \
                  take(column("variance")), take(column("variance_low")), take(column("variance_high")), \
                  most = larger(most, 100 * column("disagreement")), 1) nooutput
ok = settle(1.4)

heading = say("Predictions of runs that differ only in their seed")
ok = split_caption(0)
legend_width = legend_of(longest_label, series_count)
panel_count = 2
panel_columns = fitting(panel_count)
panel_rows = (panel_count + panel_columns - 1) / panel_columns
x_text = say("batch size K [examples]")
@fit_page

k_of(i) = column("series") == i ? column("batch_size") : NaN

set output output
set multiplot
@page
p = 1
@next_panel
@batch_x
@log_y
set ylabel upright(say("variance of the probabilities across seeds"))
plot for [i = 1:series_count] data \
        using (k_of(i)):(column("variance")):(column("variance_low")):(column("variance_high")) \
        with yerrorbars linetype 200 + i pointtype -1, \
    for [i = 1:series_count] data using (k_of(i)):(column("variance")) with linespoints linetype i
unset label
p = 2
@next_panel
@batch_x
unset logscale y
set yrange [0:1.1 * larger(most, 1)]
set ytics autofreq
set ylabel upright(say("pairs of seeds that disagree [%]"))
plot for [i = 1:series_count] data using (k_of(i)):(100 * column("disagreement")) with linespoints linetype i
@legend_place
plot for [i = 1:series_count] NaN with linespoints linetype i title labels[i]
@finish
