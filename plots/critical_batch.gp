# Updates and examples to each target against batch size, with the curve S = S_min + E_min / K.
#   gnuplot -c plots/critical_batch.gp RESULTS OUT.svg|png|pdf
name = "critical_batch"
results = ARG1
output = ARG2
width = 1240
height = 560
load ARG0[1:strlen(ARG0) - strlen(name.".gp")]."style.gp"

noise_seen = 0
is(kind) = strcol("kind") eq kind
stats data using (take_caption(strcol("caption"), strcol("source")), \
                  is("point") ? take_series(column("series"), strcol("label")) : 1, \
                  is("point") ? take_k(column("batch_size"), column("full_batch")) : 1, \
                  noise_seen = noise_seen || is("noise_scale"), 1) nooutput

array axis_columns[2] = ["updates", "examples"]
array axis_labels[2] = ["updates to target S", "examples to target K S"]
heading = say("Three regimes of the batch size")
ok = split_caption(0)
@find_censored
legend_width = legend_of(longest_label, series_count + 3)
panel_count = 2
panel_columns = fitting(panel_count)
panel_rows = (panel_count + panel_columns - 1) / panel_columns
x_text = say("batch size K [examples]")
@fit_page

of(kind, i) = is(kind) && column("series") == i ? column("batch_size") : NaN
point(i) = is("point") && reached(i) ? column("batch_size") : NaN
# A bound that is not there lies beyond the panel.
from_batch(v) = v == v && v > k_low / 1.6 ? v : k_low / 1.6
to_batch(v) = v == v && v < k_high * 1.6 ? v : k_high * 1.6
within(v) = v > k_low / 1.6 && v < k_high * 1.6 ? v : NaN

set output output
set multiplot
@page
set style fill transparent solid 0.13 noborder
do for [p = 1:panel_count] {
    what = axis_columns[p]
    @cost_range
    @next_panel
    @batch_x
    @cost_y
    set ylabel upright(say(axis_labels[p]))
    plot data using (of("noise_scale", series_count + 1)):(low):(from_batch(column("batch_low"))):(to_batch(column("batch_high"))):(low):(high) \
            with boxxyerror linecolor rgb "#888888", \
        data using (within(of("noise_scale", series_count + 1))):(low):(0):(high - low) with vectors nohead linecolor rgb "#888888" linewidth 1.5 dashtype (10,4), \
        for [i = 1:series_count] data \
            using (of("critical", i)):(low):(from_batch(column("batch_low"))):(to_batch(column("batch_high"))):(low):(high) \
            with boxxyerror linecolor rgb colours[wrap(i)], \
        for [i = 1:series_count] data \
            using (within(of("critical", i))):(low):(0):(high - low) with vectors nohead linecolor rgb colours[wrap(i)] linewidth 1.2, \
        for [i = 1:series_count] data \
            using (of("asymptote", i)):(column("median_".what)) with lines linecolor rgb colours[wrap(i)] linewidth 1 dashtype (2,4), \
        for [i = 1:series_count] data \
            using (of("curve", i)):(column("median_".what)) with lines linetype 200 + i, \
        for [i = 1:series_count] data \
            using (point(i)):(column("median_".what)):(column("low_".what)):(bar_end(column("high_".what))) \
            with yerrorbars linetype 200 + i, \
        for [i = 1:series_count] data \
            using (is("point") && censored(i) ? column("batch_size") : NaN):(censored_height(i)) with points linetype 100 + i
    unset label
}
@legend_place
plot for [i = 1:series_count] NaN with linespoints linetype 200 + i title labels[i], \
    NaN with lines linecolor rgb "#444444" dashtype (2,4) title say("perfect scaling; none"), \
    NaN with points linetype 107 title say("not reached"), \
    NaN with lines linecolor rgb "#888888" linewidth 1.5 dashtype (10,4) title (noise_seen ? say("noise scale") : "")
@finish
