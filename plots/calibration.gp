# What a gate finds: share of its runs that call a known slow-down a regression.
#   gnuplot -c plots/calibration.gp FOLDER OUT.svg|png|pdf
name = "calibration"
results = ARG1
output = ARG2
width = 1000
height = 560
load ARG0[1:strlen(ARG0) - strlen(name.".gp")]."style.gp"

widest = 0.0
take_widest(v) = (widest = larger(widest, v), 1)
stats data using (take_caption(strcol("caption"), strcol("source")), \
                  take_series(column("series"), strcol("label")), take_widest(column("slow_down")), 1) nooutput

heading = "What a gate finds"
ok = split_caption(0)
panel_columns = 1
legend_width = legend_of(longest_label, series_count)
r = 1
c = 1

# Lines of several groups beside each other.
beside(i) = column("series") == i ? column("slow_down") + 0.012 * widest * (i - (series_count + 1) / 2.0) : NaN

@fit_page

set output output
set multiplot
@page
@place
set xlabel "planted slow-down in %"
set xrange [-0.06 * widest:1.06 * widest]
set ylabel "runs with a regression in %"
set yrange [-3:103]
plot for [i = 1:series_count] data using (beside(i)):(column("rate")):(column("low")):(column("high")) \
        with yerrorbars linetype 200 + i pointtype -1, \
    for [i = 1:series_count] data using (beside(i)):(column("rate")) with linespoints linetype i
@legend_place
plot for [i = 1:series_count] NaN with linespoints linetype i title labels[i]
@finish
