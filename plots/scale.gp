# Examples per second against ranks, measured and predicted; seconds to the target against batch size.
#   gnuplot -c plots/scale.gp RESULTS OUT.svg|png|pdf
name = "scale"
results = ARG1
output = ARG2
width = 1240
height = 560
load ARG0[1:strlen(ARG0) - strlen(name.".gp")]."style.gp"

is(kind) = strcol("kind") eq kind
array limit_labels[64]
limit_count = 0
critical_label = ""
take_limit(i, text) = (limit_labels[int(i)] = text, limit_count = larger(limit_count, int(i)), \
    longest_label = larger(longest_label, strlen(text)), 1)
take_critical(text) = (critical_label = text, longest_label = larger(longest_label, strlen(text)), 1)
x_high = 1.0
k_least = 1e300
k_most = 0.0
take_k_of(v) = (k_least = smaller(k_least, v), k_most = larger(k_most, v), 1)
stats data using (take_caption(strcol("caption"), strcol("source")), \
                  is("measured") || is("predicted") ? take_series(column("series"), strcol("label")) : 1, \
                  is("target") ? (take_limit(column("series"), strcol("label")), take_k_of(column("x"))) : 1, \
                  is("critical") ? take_critical(strcol("label")) : 1, \
                  is("measured") || is("predicted") ? (x_high = larger(x_high, column("x"))) : 1, 1) nooutput

heading = "More ranks"
ok = split_caption(0)
panel_columns = limit_count > 0 ? 2 : 1
legend_width = legend_of(longest_label)
r = 1

of(kind, i) = is(kind) && column("series") == i ? column("x") : NaN
rate_range = "ok = forget(0); stats data using (is('measured') || is('predicted') ? take(column('y')) : 1) nooutput; ok = settle(1.4)"
time_range = "ok = forget(0); stats data using (is('target') ? take(column('y')) : 1) nooutput; ok = settle(1.4)"
bound(v, otherwise) = v == v && v > 0 ? larger(k_least / 1.3, smaller(k_most * 1.3, v)) : otherwise

set output output
set multiplot
@page
c = 1
@place
@rate_range
low_y = low
high_y = high
low = 1 / 1.3
high = x_high * 1.3
@log_x
low = low_y
high = high_y
@log_y
set xlabel "ranks W"
set ylabel "examples per second"
plot for [i = 1:series_count] data using (of("predicted", i)):(column("y")) with lines linetype 200 + i, \
    for [i = 1:series_count] data using (of("measured", i)):(column("y")) with points linetype 200 + i pointsize 1.2 * mark_scale
unset label
if (limit_count > 0) {
    c = 2
    @place
    @time_range
    low_y = low
    high_y = high
    low = k_least / 1.3
    high = k_most * 1.3
    @log_x
    low = low_y
    high = high_y
    @log_y
    set xlabel "batch size K [examples]"
    set ylabel "seconds to target"
    set style fill transparent solid 0.13 noborder
    plot data using (is("critical") ? column("x") : NaN):(low):(bound(column("low"), k_least / 1.3)):(bound(column("high"), k_most * 1.3)):(low):(high) \
            with boxxyerror linecolor rgb "#888888", \
        data using (is("critical") ? column("x") : NaN):(low):(0):(high - low) with vectors nohead linecolor rgb "#444444" linewidth 1.5 dashtype (10,4), \
        for [i = 1:limit_count] data using (of("target", i)):(column("y")) with lines linetype i
}
@legend_place
plot for [i = 1:series_count] NaN with linespoints linetype 200 + i title labels[i], \
    for [i = 1:limit_count] NaN with lines linetype i title limit_labels[i], \
    NaN with lines linecolor rgb "#444444" linewidth 1.5 dashtype (10,4) title critical_label
unset multiplot
unset output
