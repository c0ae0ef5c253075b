# How medians move from run to run, and from which run on they are others: a panel a series.
#   gnuplot -c plots/history.gp FOLDER OUT.svg|png|pdf
name = "history"
results = ARG1
output = ARG2
width = 1240
height = 560
load ARG0[1:strlen(ARG0) - strlen(name.".gp")]."style.gp"

run_low = 1e300
run_high = 0.0
take_run(v) = (run_low = smaller(run_low, v), run_high = larger(run_high, v), 1)
stats data using (take_caption(strcol("caption"), strcol("source")), \
                  take_panel(column("panel"), strcol("panel_title")), take_run(column("run")), 1) nooutput

heading = "Medians from run to run"
ok = split_caption(0)
panel_columns = fitting(panel_count < 3 ? panel_count : 3)
panel_rows = (panel_count + panel_columns - 1) / panel_columns
@fit_titles
height = 190 + (gap_height + 220) * panel_rows
@fit_page

# Where a level begins: an upright there.
array starts[512]
array start_is_drift[512]
start_count = 0
take_start(p, run, kind) = kind eq "" ? 1 : (start_count = start_count + 1, \
    starts[start_count] = run, start_is_drift[start_count] = kind eq "drift", 1)

set output output
set multiplot
@page
do for [p = 1:panel_count] {
    c = (p - 1) % panel_columns + 1
    r = (p - 1) / panel_columns + 1
    ok = forget(0)
    start_count = 0
    stats data using (column("panel") == p ? (take(column("value")), \
        take_start(p, column("run"), strcol("change"))) : 1) nooutput
    span = larger(high - low, 0.02 * high)
    @place
    @panel_title
    set xrange [run_low - 0.5:run_high + 0.5]
    set yrange [low - 0.12 * span:high + 0.12 * span]
    set format y "%.4g"
    if (p + panel_columns > panel_count) { set xlabel "run" } else { unset xlabel }
    do for [i = 1:start_count] {
        if (start_is_drift[i]) {
            set arrow i from starts[i] - 0.5,graph 0 to starts[i] - 0.5,graph 1 nohead linecolor rgb "#D55E00" linewidth 1.2 dashtype (6,4)
        } else {
            set arrow i from starts[i] - 0.5,graph 0 to starts[i] - 0.5,graph 1 nohead linecolor rgb "#D55E00" linewidth 1.2
        }
    }
    plot data using (column("panel") == p ? column("run") : NaN):(column("value")) \
            with points pointtype 7 pointsize 0.5 * mark_scale linecolor rgb "#0072B2", \
        data using (column("panel") == p ? column("run") : NaN):(column("level")) \
            with steps dashtype solid linecolor rgb "#000000" linewidth 1.4
    unset arrow
    unset label
}
@finish
