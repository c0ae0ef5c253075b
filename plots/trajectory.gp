# Paths of theta over the contour lines of an objective of two variables: one panel per network.
#   gnuplot -c plots/trajectory.gp RESULTS OUT.svg|png|pdf
name = "trajectory"
results = ARG1
output = ARG2
width = 1240
height = 800
load ARG0[1:strlen(ARG0) - strlen(name.".gp")]."style.gp"

# Paths of each panel by their number from 1, and its view.
array path_count[256]
array view_left[256]
array view_right[256]
array view_bottom[256]
array view_top[256]
array path_labels[8192]
most_paths = 0
longest_path = 11
slot(p, i) = 32 * (int(p) - 1) + int(i)
take_path(p, i, text) = i < 1 ? 1 : (path_count[int(p)] = larger(path_count[int(p)], int(i)), \
    most_paths = larger(most_paths, int(i)), longest_path = larger(longest_path, strlen(text)), \
    path_labels[slot(p, i)] = plain(text), 1)
take_view(p, kind, l, r, b, t) = kind ne "view" ? 1 : (view_left[int(p)] = l, view_right[int(p)] = r, \
    view_bottom[int(p)] = b, view_top[int(p)] = t, path_count[int(p)] = 0, 1)
stats data using (take_caption(strcol("caption"), strcol("source")), \
    take_panel(column("panel"), strcol("panel_title")), \
    take_view(column("panel"), strcol("kind"), column("x"), column("to_x"), column("y"), column("to_y")), \
    take_path(column("panel"), column("series"), strcol("label")), 1) nooutput

heading = say("Paths over contour lines")
ok = split_caption(0)
panel_columns = fitting(panel_count < 2 ? 1 : 2)
panel_rows = (panel_count + panel_columns - 1) / panel_columns
# A legend stands under each panel, in as many columns as fit.
path_columns = larger(1, int(panel_width(0) / (7.6 * longest_path + 50)))
path_rows = (most_paths + path_columns - 1) / path_columns
path_height = 19.0 * path_rows + 10
if (narrow) { gap_height = 84.0; margin_top = margin_top + 20 }
gap_height = gap_height + path_height
margin_bottom = margin_bottom + path_height
script_height = 1
height = ceil(margin_top + margin_bottom + panel_rows * smaller(400.0, 0.8 * panel_width(0)) + gap_height * (panel_rows - 1))
@fit_page

of_panel(p, kind) = column("panel") == p && strcol("kind") eq kind
of_path(p, i) = column("panel") == p && column("series") == i
ends(p, i, kind) = of_path(p, i) && strcol("kind") eq kind

set output output
set multiplot
@page
do for [p = 1:panel_count] {
    c = (p - 1) % panel_columns + 1
    r = (p - 1) / panel_columns + 1
    @place
    set title titles[p]
    set xlabel theta(0)
    if (c == 1) { set ylabel theta(1) } else { unset ylabel }
    set xrange [view_left[p]:view_right[p]]
    set yrange [view_bottom[p]:view_top[p]]
    set key at graph 0,graph -52.0 / panel_height(0) left top Left reverse noenhanced samplen 2.4 spacing 1.2 maxcols path_columns maxrows path_rows font small_font
    plot data using (of_panel(p, "contour") ? column("x") : NaN):(column("y")):(column("to_x") - column("x")):(column("to_y") - column("y")) \
            with vectors nohead linecolor rgb "#b0b0b0" linewidth 0.7 dashtype solid, \
        for [i = 1:path_count[p]] data using (of_path(p, i) ? column("x") : NaN):(column("y")) \
            with lines linecolor rgb colours[wrap(i)] linewidth 1.5 dashtype solid title path_labels[slot(p, i)], \
        for [i = 1:path_count[p]] data using (ends(p, i, "path") ? column("x") : NaN):(column("y")) \
            with points pointtype 7 pointsize 0.35 * mark_scale linecolor rgb colours[wrap(i)], \
        for [i = 1:path_count[p]] data using (ends(p, i, "end") ? column("x") : NaN):(column("y")) \
            with points pointtype marks[wrap(i)] pointsize 1.3 * mark_scale linecolor rgb colours[wrap(i)], \
        for [i = 1:path_count[p]] data using (ends(p, i, "start") ? column("x") : NaN):(column("y")) \
            with points pointtype 6 pointsize 1.6 * mark_scale linewidth 1.5 linecolor rgb "#000000"
    unset label
}
@finish
