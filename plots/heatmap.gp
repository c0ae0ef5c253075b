# Error (or loss) at the end over batch size and learning rate: one panel per setting.
#   gnuplot -c plots/heatmap.gp RESULTS OUT.svg|png|pdf
name = "heatmap"
results = ARG1
output = ARG2
width = 1240
height = 500
load ARG0[1:strlen(ARG0) - strlen(name.".gp")]."style.gp"

# The axes are lists: every batch size and every rate that was tried, equally far apart.
k_tics = ","
rate_tics = ","
batch_count = 0
rate_count = 0
add_tic(list, text, place) = strstrt(list, sprintf(",'%s' %d,", text, place)) ? list \
    : list.sprintf("'%s' %d,", text, place)
errors_seen = 0
validation_seen = 0
stats data using (take_caption(strcol("caption"), strcol("source")), \
    take_panel(column("panel"), strcol("panel_title")), \
    k_tics = add_tic(k_tics, column("full_batch") == 1 ? full_text : sprintf("%.0f", column("batch_size")), int(column("column"))), \
    rate_tics = add_tic(rate_tics, sprintf("%g", column("learning_rate")), int(column("row"))), \
    batch_count = larger(batch_count, int(column("column"))), \
    rate_count = larger(rate_count, int(column("row"))), \
    errors_seen = column("validation_error") > 0 ? 1 : errors_seen, \
    validation_seen = column("validation_loss") > 0 ? 1 : validation_seen, 1) nooutput
# Regression has no errors, and there may be no validation split: then its loss, or that of training.
what = errors_seen ? "validation_error" : (validation_seen ? "validation_loss" : "train_loss")
scale = errors_seen ? 100.0 : 1.0
stats data using (take(scale * column(what)), 1) nooutput
any_value = high > 0
ok = settle(1.02)

heading = errors_seen ? say("Validation error at the end [%], by batch size and learning rate") \
    : (validation_seen ? say("Validation loss at the end, by batch size and learning rate") \
    : say("Training loss at the end, by batch size and learning rate"))
ok = split_caption(0)
# More panels to a row, and lower ones, rather than a page that scrolls for ever.
legend_width = 80.0
panel_columns = fitting(panel_count < 3 ? panel_count : (panel_count <= 9 ? 3 : (panel_count <= 16 ? 4 : 5)))
panel_rows = (panel_count + panel_columns - 1) / panel_columns
@fit_titles
row_height = narrow ? 17.0 : smaller(40.0, larger(90.0, 1600.0 / panel_rows - gap_height) / rate_count)
if (narrow) { script_height = 1; height = ceil(margin_top + margin_bottom + 16 + gap_height * (panel_rows - 1) + panel_rows * row_height * rate_count) } else { height = 190 + (gap_height + row_height * rate_count) * panel_rows }
@fit_page

# Viridis, eight of its colours (van der Walt and Smith 2015).
set palette defined (0 "#440154", 1 "#46327e", 2 "#365c8d", 3 "#277f8e", 4 "#1fa187", 5 "#4ac16d", 6 "#a0da39", 7 "#fde725")
set logscale cb
set cbrange [low:high]
eval "set cbtics (".log_marks(low, high).")"
set xrange [0.5:batch_count + 0.5]
set yrange [0.5:rate_count + 0.5]
eval sprintf("set xtics scale 0 rotate by %d (%s)", turn_of(batch_count), k_tics[2:strlen(k_tics) - 1])
eval sprintf("set ytics scale 0 (%s)", rate_tics[2:strlen(rate_tics) - 1])
unset grid
unset border

at(p) = column("panel") == p ? column("column") : NaN
shown(any) = scale * column(what)
# Dark colours, the low values and 0, carry white figures.
dark(any) = shown(0) <= low ? 1 : log(shown(0) / low) < 0.55 * log(high / low)
figure_of(any) = sprintf(shown(0) < 10 ? "%.2g" : "%.3g", shown(0))
show_numbers = panel_width(0) / batch_count > 34
left_edge(half) = column("column") - half
right_edge(half) = column("column") + half
lower_edge(half) = column("row") - half
upper_edge(half) = column("row") + half

set output output
set multiplot
@page
do for [p = 1:panel_count] {
    c = (p - 1) % panel_columns + 1
    r = (p - 1) / panel_columns + 1
    @place
    @panel_title
    if (c == 1) { set ylabel upright(say("learning rate α")) } else { unset ylabel }
    if (p + panel_columns > panel_count) { set xlabel say("batch size K [examples]") } else { unset xlabel }
    if (p == 1 && any_value) {
        set colorbox user origin 1 - (margin_right + legend_width - 24) / width,bottom_of(panel_rows) \
            size 16.0 / width,top_of(1) - bottom_of(panel_rows) noborder
    } else { unset colorbox }
    plot data using (column("masked") == 1 ? at(p) : NaN):(column("row")):(left_edge(0.48)):(right_edge(0.48)):(lower_edge(0.48)):(upper_edge(0.48)) \
            with boxxyerror fillcolor rgb "#d8d8d8" fillstyle solid noborder, \
        data using (column("masked") == 1 ? at(p) : NaN):(column("row")):(column("diverged") > 0 ? (tex ? "x" : "×") : (tex ? "--" : "–")) \
            with labels textcolor rgb "#555555" font heading_font, \
        data using (column("masked") == 0 ? at(p) : NaN):(column("row")):(left_edge(0.48)):(right_edge(0.48)):(lower_edge(0.48)):(upper_edge(0.48)):(shown(0)) \
            with boxxyerror fillcolor palette fillstyle solid noborder, \
        data using (show_numbers && column("masked") == 0 && dark(0) ? at(p) : NaN):(column("row")):(figure_of(0)) \
            with labels textcolor rgb "white" font small_font, \
        data using (show_numbers && column("masked") == 0 && !dark(0) ? at(p) : NaN):(column("row")):(figure_of(0)) \
            with labels textcolor rgb "black" font small_font, \
        data using (column("best") == 1 && column("edge") == 0 ? at(p) : NaN):(column("row")):(left_edge(0.44)):(right_edge(0.44)):(lower_edge(0.44)):(upper_edge(0.44)) \
            with boxxyerror linecolor rgb "#D55E00" linewidth 2.6 dashtype solid fillstyle empty, \
        data using (column("best") == 1 && column("edge") == 1 ? at(p) : NaN):(column("row")):(left_edge(0.44)):(right_edge(0.44)):(lower_edge(0.44)):(upper_edge(0.44)) \
            with boxxyerror linecolor rgb "#D55E00" linewidth 2.6 dashtype (3,2) fillstyle empty
    unset label
}
@finish
