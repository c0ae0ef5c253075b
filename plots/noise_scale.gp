# Gradient noise scale against epochs: exact, and by the two-batch estimate; and their ratio.
#   gnuplot -c plots/noise_scale.gp RESULTS OUT.svg|png|pdf
name = "noise_scale"
results = ARG1
output = ARG2
width = 1240
height = 530
load ARG0[1:strlen(ARG0) - strlen(name.".gp")]."style.gp"

last_epoch = 0.0
ratio_low = 0.85
ratio_high = 1.15
take_ratio(v) = (v == v) ? (ratio_low = smaller(ratio_low, v), ratio_high = larger(ratio_high, v), 1) : 1
stats data using (take_caption(strcol("caption"), strcol("source")), \
                  take_series(column("series"), strcol("label")), \
                  take(column("noise_scale")), take(column("noise_scale_low")), take(column("noise_scale_high")), \
                  take_ratio(column("ratio_low")), take_ratio(column("ratio_high")), \
                  last_epoch = larger(last_epoch, column("epochs")), 1) nooutput
ok = settle(1.3)

heading = say("Noise scale of the gradient along training")
ok = split_caption(0)
legend_width = legend_of(larger(longest_label, 26), series_count + 2)
panel_count = 2
panel_columns = fitting(panel_count)
panel_rows = (panel_count + panel_columns - 1) / panel_columns
x_text = say("epochs")
@fit_page

at(i, way) = column("series") == i && strcol("estimate") eq way ? column("epochs") : NaN

set output output
set multiplot
@page
set xrange [-0.02 * larger(last_epoch, 0.01):1.02 * larger(last_epoch, 0.01)]
p = 1
@next_panel
@log_y
set ylabel upright(say("noise scale tr Σ / |G|² [examples]"))
plot for [i = 1:series_count] data \
        using (at(i, "exact")):(column("noise_scale")) with linespoints linetype 200 + i, \
    for [i = 1:series_count] data \
        using (at(i, "two_batch")):(column("noise_scale")):(column("noise_scale_low")):(column("noise_scale_high")) \
        with yerrorbars linetype 100 + i
unset label
p = 2
@next_panel
unset logscale y
set yrange [ratio_low - 0.02:ratio_high + 0.02]
set ytics autofreq
set ylabel upright(say("two-batch estimate / exact"))
set object 1 rectangle from graph 0,first 0.9 to graph 1,first 1.1 behind fillcolor rgb "#e8e8e8" fillstyle solid noborder
plot for [i = 1:series_count] data \
        using (at(i, "two_batch")):(column("ratio")):(column("ratio_low")):(column("ratio_high")) \
        with yerrorbars linetype 100 + i, \
    for [i = 1:series_count] data using (at(i, "two_batch")):(column("ratio")) with lines linetype 200 + i
unset object
@legend_place
plot for [i = 1:series_count] NaN with linespoints linetype 200 + i title labels[i], \
    NaN with linespoints linetype 207 title say("exact, over all examples"), \
    NaN with points linetype 107 title say("two-batch estimate")
@finish
