# Ratios with their intervals, a line each: what comparison.gp and gate.gp have in common. They set name,
# results, output, plots (this folder), kinds[4] (worse, better, unclear, same), heading and xlabel_text.
width = 1240
height = 560
load plots."style.gp"

array names[256]
line_total = 0
name_length = 0
take_name(i, text) = (names[int(i)] = text, line_total = larger(line_total, int(i)), \
    name_length = larger(name_length, strlen(text)), 1)
margin_from = 1.0
margin_to = 1.0
take_margin(from, to) = (margin_from = from, margin_to = to, take(from), take(to))
# The points and the margin decide the axis, intervals within ten times of them too: one without end
# must not squeeze all others.
stats data using (take_caption(strcol("caption"), strcol("source")), \
                  take_name(column("line"), strcol("label")), \
                  take_margin(column("margin_low"), column("margin_high")), take(column("ratio")), 1) nooutput
point_low = low
point_high = high
stats data using (column("low") > point_low / 10 ? take(column("low")) : 1, \
                  column("high") < 10 * point_high ? take(column("high")) : 1) nooutput
ok = settle(1.1)

ok = split_caption(0)
legend_width = 90.0
c = 1
r = 1
# Labels stand left of the axis, the caption below them.
label_characters = smaller(name_length, 84)
label_width = 24.0 + 6.6 * label_characters
line_height = 19.0
do for [i = 1:line_total] { names[i] = strlen(names[i]) > label_characters ? names[i][1:label_characters - 1]."…" : names[i] }
height = larger(300, margin_top + margin_bottom + line_height * (line_total + 1))
script_height = 1
least_panel = -1e9
@fit_page

is_kind(kind) = strcol("verdict") eq kind
x_of(kind) = is_kind(kind) ? column("ratio") : NaN
from_of(any) = column("low") == column("low") ? larger(column("low"), low) : low
to_of(any) = column("high") == column("high") ? smaller(column("high"), high) : high
array kind_colours[4] = ["#D55E00", "#009E73", "#888888", "#0072B2"]
array kind_marks[4] = [5, 9, 6, 7]

set output output
set multiplot
page_edge = 24.0
@page
margin_left = label_width
@place
@log_x
if (high / low < 1.6) { set xtics ("0.7" 0.7, "0.75" 0.75, "0.8" 0.8, "0.85" 0.85, "0.9" 0.9, "0.95" 0.95, "1" 1, "1.05" 1.05, "1.1" 1.1, "1.15" 1.15, "1.2" 1.2, "1.3" 1.3, "1.4" 1.4) }
if (high / low >= 1.6 && high / low < 10) { set xtics ("0.2" 0.2, "0.3" 0.3, "0.4" 0.4, "0.5" 0.5, "0.6" 0.6, "0.7" 0.7, "0.8" 0.8, "0.9" 0.9, "1" 1, "1.1" 1.1, "1.2" 1.2, "1.5" 1.5, "2" 2, "3" 3, "4" 4, "5" 5) }
set xlabel xlabel_text
set yrange [line_total + 0.7:0.3]
unset ytics
do for [i = 1:line_total] { set label 100 + i names[i] at graph 0,first i right offset -0.8,0 font small_font noenhanced }
set object 1 rectangle from margin_from,graph 0 to margin_to,graph 1 fillcolor rgb "#e4e4e4" fillstyle solid noborder behind
set arrow 1 from 1,graph 0 to 1,graph 1 nohead linecolor rgb "#444444" linewidth 0.8 back
plot for [k = 1:4] data using (x_of(kinds[k])):(column("line")):(from_of(0)):(to_of(0)) \
    with xerrorbars pointtype kind_marks[k] pointsize 0.9 * mark_scale linewidth 1.5 linecolor rgb kind_colours[k]
unset object 1
unset arrow 1
unset label
@legend_place
plot for [k = 1:4] NaN with points pointtype kind_marks[k] pointsize 0.9 * mark_scale linecolor rgb kind_colours[k] title kinds[k]
@finish
