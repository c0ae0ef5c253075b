# Updates, examples and time to the target against redundancy: one line per batch size.
#   gnuplot -c plots/redundancy.gp RESULTS OUT.svg|png|pdf
name = "redundancy"
results = ARG1
output = ARG2
width = 1240
height = 530
load ARG0[1:strlen(ARG0) - strlen(name.".gp")]."style.gp"

array axis_columns[3] = ["updates", "examples", "seconds"]
array axis_labels[3] = ["updates to target", "examples to target", "training time to target [s]"]

target = ""
r_list = ","
r_low = 1e300
r_high = 0.0
take_r(v) = (r_low = (v < r_low ? v : r_low), r_high = (v > r_high ? v : r_high), \
    entry = sprintf("'%g' %g,", v, v), \
    r_list = strstrt(r_list, ",".entry) ? r_list : r_list.entry, 1)
stats data using (take_caption(strcol("caption"), strcol("source")), \
                  take_series(column("series"), strcol("label")), \
                  take_r(column("redundancy")), target = strcol("target"), 1) nooutput

heading = sprintf(translated("Cost of reaching %s, by redundancy"), target)
ok = split_caption(0)
@find_censored
legend_width = legend_within(130.0, longest_label, series_count + 1)
panel_count = 3
panel_columns = fitting(panel_count)
panel_rows = (panel_count + panel_columns - 1) / panel_columns
x_text = say("redundancy r [copies of each example]")
@fit_page

set output output
set multiplot
@page
set logscale x
set xrange [r_low / 1.3:r_high * 1.3]
eval sprintf("set xtics (%s)", r_list[2:strlen(r_list) - 1])
do for [p = 1:panel_count] {
    what = axis_columns[p]
    @cost_range
    @next_panel
    @cost_y
    set ylabel upright(say(axis_labels[p]))
    plot for [i = 1:series_count] data \
            using (reached(i) ? column("redundancy") : NaN):(column("median_".what)):(column("low_".what)):(bar_end(column("high_".what))) \
            with yerrorbars linetype 200 + i pointtype -1, \
        for [i = 1:series_count] data \
            using (reached(i) ? column("redundancy") : NaN):(column("median_".what)) with linespoints linetype i, \
        for [i = 1:series_count] data \
            using (censored(i) ? column("redundancy") : NaN):(censored_height(i)) with points linetype 100 + i
    unset label
}
@legend_place
plot for [i = 1:series_count] NaN with linespoints linetype i title labels[i], \
    NaN with points linetype 107 title say("not reached")
@finish
