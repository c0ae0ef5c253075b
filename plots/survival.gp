# Share of runs that have not reached the target yet, against updates.
#   gnuplot -c plots/survival.gp RESULTS OUT.svg|png|pdf
name = "survival"
results = ARG1
output = ARG2
width = 1040
height = 560
load ARG0[1:strlen(ARG0) - strlen(name.".gp")]."style.gp"

stats data using (take_caption(strcol("caption"), strcol("source")), \
                  take_series(column("series"), strcol("label")), take(column("updates")), 1) nooutput
ok = settle(1.2)

heading = say("Runs that are still on their way")
ok = split_caption(0)
legend_width = legend_of(longest_label, series_count)
c = 1
r = 1

# The start has no logarithm: it stands at the left edge.
x_of(i) = column("series") == i ? larger(column("updates"), low) : NaN

@fit_page

set output output
set multiplot
@page
@place
set xlabel say("updates")
@log_x
set yrange [0:1.02]
set ytics 0.25
set ylabel upright(say("share that has not reached it"))
plot for [i = 1:series_count] data using (x_of(i)):(column("share")) with steps linetype 200 + i
@legend_place
plot for [i = 1:series_count] NaN with lines linetype 200 + i title labels[i]
@finish
