# What training sets of clusters are worth to the gradient, against their size: a panel per network and
# probed evaluation, a line per correlation within clusters.
#   gnuplot -c plots/effective_size.gp RESULTS OUT.svg|png|pdf
name = "effective_size"
results = ARG1
output = ARG2
width = 1240
height = 560
load ARG0[1:strlen(ARG0) - strlen(name.".gp")]."style.gp"

n_low = 1e300
n_high = 0.0
take_n(n) = (n_low = smaller(n_low, n), n_high = larger(n_high, n), 1)
stats data using (take_caption(strcol("caption"), strcol("source")), \
                  take_series(column("series"), strcol("label")), \
                  take_panel(column("panel"), strcol("panel_title")), \
                  take_n(column("examples")), take(column("predicted")), \
                  take(column("effective_examples_low")), take(column("effective_examples_high")), 1) nooutput
ok = settle(1.3)

heading = say("What a training set of clusters is worth to the gradient")
ok = split_caption(0)
legend_width = legend_of(longest_label, series_count)
panel_columns = fitting(panel_count < 3 ? panel_count : (panel_count == 4 ? 2 : 3))
panel_rows = (panel_count + panel_columns - 1) / panel_columns
@fit_titles
height = 190 + (gap_height + 252) * panel_rows
@fit_page

n_of(p, i) = column("panel") == p && column("series") == i ? column("examples") : NaN

set output output
set multiplot
@page
set logscale x
set xrange [n_low / 1.3:n_high * 1.3]
eval 'set xtics rotate by 0 ('.log_marks(n_low, n_high).')'
@log_y
do for [p = 1:panel_count] {
    c = (p - 1) % panel_columns + 1
    r = (p - 1) / panel_columns + 1
    @place
    @panel_title
    if (c == 1) { set ylabel upright(say("independent examples as good")) } else { unset ylabel }
    if (p + panel_columns > panel_count) { set xlabel say("training set N [examples]") } else { unset xlabel }
    plot for [i = 1:series_count] data using (n_of(p, i)):(column("predicted")) with lines linetype 200 + i, \
        for [i = 1:series_count] data \
            using (n_of(p, i)):(column("effective_examples")):(column("effective_examples_low")):(column("effective_examples_high")) \
            with yerrorbars linetype 100 + i
    unset label
}
@legend_place
plot for [i = 1:series_count] NaN with linespoints linetype 200 + i title labels[i]
@finish
