# Test error, and test loss less training loss, against the number of training examples.
#   gnuplot -c plots/volume.gp RESULTS OUT.svg|png|pdf
name = "volume"
results = ARG1
output = ARG2
width = 1240
height = 530
load ARG0[1:strlen(ARG0) - strlen(name.".gp")]."style.gp"

n_list = ","
n_low = 1e300
n_high = 0.0
take_n(v) = (n_low = (v < n_low ? v : n_low), n_high = (v > n_high ? v : n_high), \
    entry = sprintf("'%.0f' %.0f,", v, v), \
    n_list = strstrt(n_list, ",".entry) ? n_list : n_list.entry, 1)
gap_low = 0.0
gap_high = 0.0
take_gap(v) = (v == v ? (gap_low = smaller(gap_low, v), gap_high = larger(gap_high, v)) : 0, 1)
stats data using (take_caption(strcol("caption"), strcol("source")), \
                  take_series(column("series"), strcol("label")), take_n(column("train_examples")), \
                  take(100 * column("low_error")), take(100 * column("high_error")), \
                  take_gap(column("low_gap")), take_gap(column("high_gap")), 1) nooutput
ok = settle(1.05)

heading = say("More training data")
ok = split_caption(0)
legend_width = legend_of(longest_label, series_count)
panel_count = 2
panel_columns = fitting(panel_count)
panel_rows = (panel_count + panel_columns - 1) / panel_columns
x_text = say("training examples N")
@fit_page

n_of(i) = column("series") == i ? column("train_examples") : NaN

set output output
set multiplot
@page
set logscale x
set xrange [n_low / 1.3:n_high * 1.3]
eval sprintf("set xtics (%s)", n_list[2:strlen(n_list) - 1])
p = 1
@next_panel
set yrange [low:high]
set ylabel upright(say("test error [%]"))
plot for [i = 1:series_count] data using (n_of(i)):(100 * column("median_error")):(100 * column("low_error")):(100 * column("high_error")) \
        with yerrorbars linetype 200 + i pointtype -1, \
    for [i = 1:series_count] data using (n_of(i)):(100 * column("median_error")) with linespoints linetype i
unset label
p = 2
@next_panel
set yrange [1.1 * gap_low:1.1 * larger(gap_high, 0.01)]
set ytics autofreq
set ylabel upright(say("test loss - training loss"))
plot for [i = 1:series_count] data using (n_of(i)):(column("median_gap")):(column("low_gap")):(column("high_gap")) \
        with yerrorbars linetype 200 + i pointtype -1, \
    for [i = 1:series_count] data using (n_of(i)):(column("median_gap")) with linespoints linetype i
@legend_place
plot for [i = 1:series_count] NaN with linespoints linetype i title labels[i]
@finish
