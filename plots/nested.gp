# How soon more examples stop changing the gradient, and its variance in them, against their number.
#   gnuplot -c plots/nested.gp RESULTS OUT.svg|png|pdf
name = "nested"
results = ARG1
output = ARG2
width = 1240
height = 530
load ARG0[1:strlen(ARG0) - strlen(name.".gp")]."style.gp"

stats data using (take_caption(strcol("caption"), strcol("source")), \
                  take_series(column("series"), strcol("label")), take(column("examples")), 1) nooutput
ok = settle(1.3)
n_low = low
n_high = high
ok = forget(0)
stats data using (column("panel") == 2 ? (take(column("low")), take(column("high")), 1) : 1) nooutput
ok = settle(1.2)

heading = say("Gradients of the first n examples")
ok = split_caption(0)
legend_width = legend_of(longest_label, series_count)
panel_count = 2
panel_columns = fitting(panel_count)
panel_rows = (panel_count + panel_columns - 1) / panel_columns
x_text = say("examples n")
@fit_page

at(i, p) = column("series") == i && column("panel") == p ? column("examples") : NaN

set output output
set multiplot
@page
set logscale x
set xrange [n_low:n_high]
eval 'set xtics ('.log_marks(n_low, n_high).')'
p = 1
@next_panel
set yrange [0:1.02]
set ylabel upright(say("cosine with the gradient of all"))
plot for [i = 1:series_count] data using (at(i, 1)):(column("value")):(column("low")):(column("high")) \
        with yerrorbars linetype 200 + i pointtype -1, \
    for [i = 1:series_count] data using (at(i, 1)):(column("value")) with linespoints linetype i
unset label
p = 2
@next_panel
@log_y
set ylabel upright(say("trace of the covariance of their gradients"))
plot for [i = 1:series_count] data using (at(i, 2)):(column("value")):(column("low")):(column("high")) \
        with yerrorbars linetype 200 + i pointtype -1, \
    for [i = 1:series_count] data using (at(i, 2)):(column("value")) with linespoints linetype i
@legend_place
plot for [i = 1:series_count] NaN with linespoints linetype i title labels[i]
@finish
