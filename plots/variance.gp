# Variance of mini-batch gradients over its prediction, against batch size: a panel per network and
# probed evaluation, a line per way of drawing.
#   gnuplot -c plots/variance.gp RESULTS OUT.svg|png|pdf
name = "variance"
results = ARG1
output = ARG2
width = 1240
height = 560
load ARG0[1:strlen(ARG0) - strlen(name.".gp")]."style.gp"

ratio_low = 0.93
ratio_high = 1.07
take_ratio(v) = (v == v) ? (ratio_low = smaller(ratio_low, v), ratio_high = larger(ratio_high, v), 1) : 1
stats data using (take_caption(strcol("caption"), strcol("source")), \
                  take_series(column("series"), strcol("label")), \
                  take_panel(column("panel"), strcol("panel_title")), \
                  take_k(column("batch_size"), column("full_batch")), \
                  take_ratio(column("variance_ratio_low")), take_ratio(column("variance_ratio_high")), 1) nooutput

heading = say("Variance of mini-batch gradients, measured over predicted")
ok = split_caption(0)
legend_width = legend_of(longest_label, series_count)
panel_columns = fitting(panel_count < 3 ? panel_count : 3)
panel_rows = (panel_count + panel_columns - 1) / panel_columns
@fit_titles
height = 190 + (gap_height + 252) * panel_rows
@fit_page

# The lines are moved apart, so that their bars do not hide each other.
k_of(p, i) = column("panel") == p && column("series") == i ? column("batch_size") * 1.12 ** (i - 1.5) : NaN

set output output
set multiplot
@page
@batch_x
set yrange [ratio_low - 0.01:ratio_high + 0.01]
do for [p = 1:panel_count] {
    c = (p - 1) % panel_columns + 1
    r = (p - 1) / panel_columns + 1
    @place
    @panel_title
    if (c == 1) { set ylabel upright(say("measured / predicted variance")) } else { unset ylabel }
    if (p + panel_columns > panel_count) { set xlabel say("batch size K [examples]") } else { unset xlabel }
    set object 1 rectangle from graph 0,first 0.95 to graph 1,first 1.05 behind fillcolor rgb "#e8e8e8" fillstyle solid noborder
    plot for [i = 1:series_count] data \
            using (k_of(p, i)):(column("variance_ratio")):(column("variance_ratio_low")):(column("variance_ratio_high")) \
            with yerrorbars linetype 200 + i
    unset label
}
unset object
@legend_place
plot for [i = 1:series_count] NaN with points linetype 200 + i title labels[i]
@finish
