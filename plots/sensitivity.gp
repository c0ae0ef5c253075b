# Loss at the end against the learning rate.
#   gnuplot -c plots/sensitivity.gp RESULTS OUT.svg|png|pdf
name = "sensitivity"
results = ARG1
output = ARG2
width = 1000
height = 560
load ARG0[1:strlen(ARG0) - strlen(name.".gp")]."style.gp"

rate_low = 1e300
rate_high = 0.0
take_rate(v) = (rate_low = smaller(rate_low, v), rate_high = larger(rate_high, v), 1)
stats data using (take_caption(strcol("caption"), strcol("source")), \
                  take_series(column("series"), strcol("label")), take_rate(column("learning_rate")), \
                  take(column("median")), 1) nooutput
ok = settle(1.15)

heading = say("How much the rate matters")
ok = split_caption(0)
panel_columns = 1
legend_width = legend_of(longest_label, series_count)
r = 1
c = 1

rate_of(i) = column("series") == i ? column("learning_rate") : NaN

@fit_page

set output output
set multiplot
@page
@place
set xlabel say("learning rate")
set logscale x
set xrange [rate_low / 1.3:rate_high * 1.3]
set format x "%g"
@log_y
set ylabel upright(say("loss at the end"))
plot for [i = 1:series_count] data using (rate_of(i)):(column("median")):(column("low")):(column("high")) \
        with yerrorbars linetype 200 + i pointtype -1, \
    for [i = 1:series_count] data using (rate_of(i)):(column("median")) with linespoints linetype i
@legend_place
plot for [i = 1:series_count] NaN with linespoints linetype i title labels[i]
@finish
