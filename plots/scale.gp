# Examples per second against ranks, measured and predicted; seconds to the target against batch size.
#   gnuplot -c plots/scale.gp RESULTS OUT.svg|png|pdf
name = "scale"
results = ARG1
output = ARG2
width = 1240
height = 560
load ARG0[1:strlen(ARG0) - strlen(name.".gp")]."style.gp"

# Panel 1: rates against ranks; panel 2, where there is a target: seconds against batch size. Series are
# the batch sizes of the one, behind them the limits of the ranks of the other.
is(kind) = strcol("kind") eq kind
critical_label = ""
least_k = 1e300
most_k = 0.0
most_ranks = 1.0
size_count = 0
take_critical(text) = (critical_label = plain(text), longest_label = larger(longest_label, strlen(text)), 1)
take_batch(k) = (least_k = smaller(least_k, k), most_k = larger(most_k, k), 1)
take_ranks(w, i) = (most_ranks = larger(most_ranks, w), size_count = larger(size_count, i), 1)
stats data using (take_caption(strcol("caption"), strcol("source")), \
                  panel_count = larger(panel_count, int(column("panel"))), \
                  is("critical") ? take_critical(strcol("label")) : take_series(column("series"), strcol("label")), \
                  is("target") ? take_batch(column("batch_size")) : 1, \
                  column("panel") == 1 ? take_ranks(column("workers"), column("series")) : 1, 1) nooutput

array x_columns[2] = ["workers", "batch_size"]
array y_columns[2] = ["examples_per_second", "seconds"]
array x_texts[2] = [say("ranks W"), say("batch size K [examples]")]
array y_texts[2] = [say("examples per second"), say("training time to target [s]")]
heading = say("More ranks")
ok = split_caption(0)
legend_width = legend_of(longest_label, series_count + 2 + (strlen(critical_label) > 0))
panel_columns = fitting(panel_count)
panel_rows = (panel_count + panel_columns - 1) / panel_columns
if (narrow) { gap_height = gap_height + 18 } # each panel has its own axis
@fit_page

# Where a row of that kind and series lies along the panel; NaN: it is another's.
of(kind, p, i) = column("panel") == p && is(kind) && column("series") == i ? column(x_columns[p]) : NaN
critical(p) = column("panel") == p && is("critical") ? column("batch_size") : NaN
# A bound that is not there, or far away, lies at the panel's edge.
inside(v, otherwise) = v == v && v > 0 ? larger(x_low, smaller(x_high, v)) : otherwise
within(v) = v > x_low && v < x_high ? v : NaN

set output output
set multiplot
@page
set style fill transparent solid 0.13 noborder
do for [p = 1:panel_count] {
    c = (p - 1) % panel_columns + 1
    r = (p - 1) / panel_columns + 1
    @place
    low = p == 1 ? 1 / 1.3 : least_k / 1.3
    high = p == 1 ? most_ranks * 1.3 : most_k * 1.3
    x_low = low
    x_high = high
    @log_x
    ok = forget(0)
    stats data using (column("panel") == p && !is("critical") ? take(column(y_columns[p])) : 1) nooutput
    ok = settle(1.4)
    @log_y
    set xlabel x_texts[p]
    set ylabel upright(y_texts[p])
    plot data using (critical(p)):(low):(inside(column("batch_low"), x_low)):(inside(column("batch_high"), x_high)):(low):(high) \
            with boxxyerror linecolor rgb grey, \
        data using (within(critical(p))):(low):(0):(high - low) \
            with vectors nohead linecolor rgb "#444444" linewidth 1.5 dashtype (10,4), \
        for [i = 1:series_count] data using (of("predicted", p, i)):(column(y_columns[p])) with lines linetype 200 + i, \
        for [i = 1:series_count] data using (of("measured", p, i)):(column(y_columns[p])) \
            with points linetype 200 + i pointsize 1.2 * mark_scale, \
        for [i = 1:series_count] data using (of("target", p, i)):(column(y_columns[p])) with lines linetype i
    unset label
}
# The batch sizes have marks, the limits of the ranks have dashes.
@legend_place
plot for [i = 1:series_count] NaN with linespoints linetype (i > size_count ? i : 200 + i) \
        pointtype (i > size_count ? -1 : marks[wrap(i)]) title labels[i], \
    NaN with points linecolor rgb "#444444" pointtype 7 pointsize 0.8 * mark_scale title say("measured"), \
    NaN with lines linecolor rgb "#444444" linewidth 1.5 dashtype solid title say("predicted"), \
    NaN with lines linecolor rgb "#444444" linewidth 1.5 dashtype (10,4) title critical_label
@finish
