# Loss against epochs, updates and seconds: one curve per batch size at its best learning rate.
#   gnuplot -c plots/loss.gp RESULTS OUT.svg|png|pdf
name = "loss"
results = ARG1
output = ARG2
width = 1240
height = 780
load ARG0[1:strlen(ARG0) - strlen(name.".gp")]."style.gp"

stats data using (take_caption(strcol("caption"), strcol("source")), \
                  take_series(column("series"), strcol("label")), \
                  take(column("train_loss")), take(column("validation_loss")), 1) nooutput
ok = settle(1.15)
loss_low = low
loss_high = high

heading = say("Loss of each batch size at its best learning rate")
ok = split_caption(0)
legend_width = legend_within(215.0, longest_label, series_count)
# Axes beside each other and losses below each other; on a narrow page the other way about.
panel_columns = narrow ? 2 : 3
panel_rows = narrow ? 3 : 2
if (narrow) { gap_width = 16.0; gap_height = 58.0; margin_left = 62.0; margin_top = margin_top + 16 }
@fit_page
array axis_columns[3] = ["epochs", "updates", "train_seconds"]
array axis_labels[3] = ["epochs", "updates", "training time [s]"]
array loss_columns[2] = ["train_loss", "validation_loss"]
array loss_labels[2] = ["training loss", "validation loss"]

# The horizontal place of a row of series i; a logarithmic axis has no zero.
at(i) = column("series") == i && (from_zero || column(across) > 0) ? column(across) : NaN

set output output
set multiplot
@page
do for [axis = 1:3] {
    across = axis_columns[axis]
    from_zero = axis == 1
    ok = forget(0)
    stats data using (take(column(across)), 1) nooutput
    ok = settle(1.1)
    if (from_zero) {
        unset logscale x
        set xtics autofreq
        set xrange [0:high]
    } else {
        @log_x
    }
    do for [loss = 1:2] {
        upward = loss_columns[loss]
        c = narrow ? loss : axis
        r = narrow ? axis : loss
        @place
        low = loss_low
        high = loss_high
        @log_y
        if (narrow || loss == 2) { set xlabel say(axis_labels[axis]) } else { unset xlabel }
        if (!narrow && axis == 1) { set ylabel say(loss_labels[loss]) } else { unset ylabel }
        if (narrow && axis == 1) { set title say(loss_labels[loss]) } else { unset title }
        if (narrow && loss == 2) { set format y ""; set ytics autofreq }
        plot for [i = 1:series_count] data \
                using (at(i)):(column(upward."_low")):(column(upward."_high")) \
                with filledcurves fillcolor rgb colours[wrap(i)] fillstyle transparent solid 0.18 noborder, \
            for [i = 1:series_count] data \
                using (at(i)):(column(upward)) with lines linetype i
        unset label
    }
}
@legend_place
plot for [i = 1:series_count] NaN with lines linetype i title labels[i]
@finish
