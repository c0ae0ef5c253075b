# Training loss within each budget: a panel each, one curve per batch size.
#   gnuplot -c plots/budgets.gp RESULTS OUT.svg|png|pdf
name = "budgets"
results = ARG1
output = ARG2
width = 1240
height = 780
load ARG0[1:strlen(ARG0) - strlen(name.".gp")]."style.gp"

array axis_of[64]
take_axis(p, text) = (axis_of[int(p)] = plain(text), 1)
stats data using (take_caption(strcol("caption"), strcol("source")), \
                  take_series(column("series"), strcol("label")), \
                  take_panel(column("panel"), strcol("panel_title")), \
                  take_axis(column("panel"), strcol("axis")), \
                  take(column("train_loss_low")), take(column("train_loss")), 1) nooutput
ok = settle(1.15)
loss_low = low
loss_high = high

heading = say("Training loss within each budget")
ok = split_caption(0)
legend_width = legend_of(longest_label, series_count)
panel_columns = fitting(panel_count < 3 ? panel_count : (panel_count == 4 ? 2 : 3))
panel_rows = (panel_count + panel_columns - 1) / panel_columns
@fit_titles
if (narrow) { gap_height = gap_height + 18 } # each panel has its own axis
height = 190 + (gap_height + 252) * panel_rows
@fit_page

at(p, i) = column("panel") == p && column("series") == i && column("place") > 0 ? column("place") : NaN

set output output
set multiplot
@page
do for [p = 1:panel_count] {
    c = (p - 1) % panel_columns + 1
    r = (p - 1) / panel_columns + 1
    ok = forget(0)
    stats data using (column("panel") == p ? take(column("place")) : 1) nooutput
    ok = settle(1.1)
    @log_x
    low = loss_low
    high = loss_high
    @place
    @panel_title
    @log_y
    set xlabel axis_of[p]
    if (c == 1) { set ylabel upright(say("training loss")) } else { unset ylabel }
    plot for [i = 1:series_count] data \
            using (at(p, i)):(column("train_loss_low")):(column("train_loss_high")) \
            with filledcurves fillcolor rgb colours[wrap(i)] fillstyle transparent solid 0.18 noborder, \
        for [i = 1:series_count] data using (at(p, i)):(column("train_loss")) with lines linetype i
    unset label
}
@legend_place
plot for [i = 1:series_count] NaN with lines linetype i title labels[i]
@finish
