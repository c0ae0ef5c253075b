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

heading = "Loss of each batch size at its best learning rate"
ok = split_caption(0)
panel_columns = 3
panel_rows = 2
legend_width = 215.0
array axis_columns[3] = ["epochs", "updates", "train_seconds"]
array axis_labels[3] = ["epochs", "updates", "training time [s]"]
array loss_columns[2] = ["train_loss", "validation_loss"]
array loss_labels[2] = ["training loss", "validation loss"]

# The horizontal place of a row of series i; a logarithmic axis has no zero.
at(i) = column("series") == i && (from_zero || column(across) > 0) ? column(across) : NaN

set output output
set multiplot
@page
do for [c = 1:3] {
    across = axis_columns[c]
    from_zero = c == 1
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
    do for [r = 1:2] {
        upward = loss_columns[r]
        @place
        low = loss_low
        high = loss_high
        @log_y
        if (r == 2) { set xlabel axis_labels[c] } else { unset xlabel }
        if (c == 1) { set ylabel loss_labels[r] } else { unset ylabel }
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
unset multiplot
unset output
