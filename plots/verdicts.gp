# Effects that the verdicts rest on, beside what the claims expect: a panel for each quantity that is
# judged, a line for each part of a claim and condition.
#   gnuplot -c plots/verdicts.gp RESULTS OUT.svg|png|pdf
name = "verdicts"
results = ARG1
output = ARG2
width = 1100
height = 560
load ARG0[1:strlen(ARG0) - strlen(name.".gp")]."style.gp"

# Lines are counted over all panels for the texts beside them, and in each panel from 1.
array lines_in[256]
array before[256]
array texts[256]
array numbers[256]
array text_panel[256]
array text_line[256]
text_count = 0
do for [p = 1:256] { lines_in[p] = 0 }
take_line(p, line, text, number) = (text_count = text_count + 1, texts[text_count] = text, \
    numbers[text_count] = number, text_panel[text_count] = p, text_line[text_count] = line, \
    longest_label = larger(longest_label, strlen(text)), \
    longest_number = larger(longest_number, strlen(number)), \
    lines_in[int(p)] = larger(lines_in[int(p)], line), 1)
longest_number = 1
stats data using (take_caption(strcol("caption"), strcol("source")), \
                  take_panel(column("panel"), strcol("panel_title")), \
                  take_line(column("panel"), column("line"), strcol("label"), strcol("number")), 1) nooutput

heading = say("What the verdicts rest on")
ok = split_caption(0)
# On a narrow page the texts stand above the marks.
line_height = narrow ? 32.0 : 21.0
panel_gap = tall + (narrow ? 52.0 : 66.0)
key_top = narrow ? margin_top + (page_bare ? -2 : 4) : 50.0
margin_top = narrow ? key_top + 44 : 104.0
margin_bottom = margin_bottom - 34 # the axes have no label
page_edge = narrow ? page_edge : 24.0
panel_left = narrow ? 14.0 : 24 + 7.0 * longest_label
panel_right = narrow ? 14.0 : 24 + 7.0 * longest_number
text_characters(number) = narrow ? int((width - 28) / 6.7) - strlen(number) - 2 : longest_label
shortened(text, number) = strlen(text) > text_characters(number) ? text[1:text_characters(number) - 1]."…" : text
lines_before = 0
do for [p = 1:panel_count] { before[p] = lines_before; lines_before = lines_before + lines_in[p] }
height = ceil(margin_top + line_height * lines_before + panel_gap * (panel_count - 1) + margin_bottom)
script_height = 1
# A height that is given is that of the lines.
if (page_height > 0) { line_height = line_height + (page_height - height) / larger(1, lines_before) }
least_panel = -1e9
@fit_page
if (line_height < 16) { printerr sprintf("chart %s does not fit: %.0f mm is too low for its %d lines, expected at least %.0f mm", name, page_scale * height * 25.4 / 96, lines_before, ceil(page_scale * (height + (16 - line_height) * lines_before) * 25.4 / 96)); exit status 1 }
top_at(p) = 1 - (margin_top + line_height * before[p] + panel_gap * (p - 1)) / height
bottom_at(p) = top_at(p) - line_height * lines_in[p] / height

# Colour and mark by verdict: confirmed, refuted, inconclusive. Arrow styles are of the bars: the tens
# are the verdict, 1 stands for an end that goes on to the left, 2 to the right.
array verdict_names[3] = ["confirmed", "refuted", "inconclusive"]
array verdict_colours[3] = ["#0072B2", "#D55E00", "#555555"]
array verdict_marks[3] = [7, 5, 9]
array verdict_open_marks[3] = [6, 4, 8]
array heads[4] = ["nohead", "backhead", "head", "heads"]
do for [v = 1:3] {
    do for [open = 0:3] {
        eval sprintf("set style arrow %d %s filled size screen %g,20 linecolor rgb '%s' linewidth 2.2", 10 * v + open, heads[open + 1], 9.0 / width, verdict_colours[v])
    }
}
mark_size = 1.25 * mark_scale

# On an axis of less than half a decade the marks are those of a straight one.
low_view = 0.0
high_view = 0.0
log_view = 0
take_view(low_end, high_end, is_log) = (low_view = low_end, high_view = high_end, log_view = is_log > 0, 1)
# So many that their numbers do not touch, in steps of 1, 2.5 or 5.
digits_of(from, to) = larger(3, ceil(log10(larger(abs(from), abs(to)) / (to - from))) + 3)
most_marks(digits) = smaller(8, (width - panel_left - panel_right) / (9.0 * (digits + 3)))
step_of(least) = (tens = 10.0 ** floor(log10(least)), least / tens <= 1 ? tens : (least / tens <= 2.5 ? 2.5 * tens : (least / tens <= 5 ? 5 * tens : 10 * tens)))
step_marks(from, to) = (marks_list = "", digits = digits_of(from, to), \
    step = step_of((to - from) / most_marks(digits)), first_step = ceil(from / step), \
    tick_format = sprintf("'%%.%dg' %%.12g,", larger(6, digits + 1)), \
    (sum [i = 0:int((to - first_step * step) / step)] \
        (marks_list = marks_list.sprintf(tick_format, (first_step + i) * step, (first_step + i) * step), 0)), \
    marks_list[1:strlen(marks_list) - 1])
view_marks(any) = log_view && high_view / low_view > 5 ? log_marks(low_view, high_view) : step_marks(low_view, high_view)

in_panel(p) = column("panel") == p
of(p, v, delivered) = in_panel(p) && column("mark") == v && column("delivered") == delivered
# Marks are in the lower half of a line that has its text above.
line_of(any) = column("line") + (narrow ? 0.21 : 0)
half_line = narrow ? 0.25 : 0.5

set output output
set multiplot
@page
unset ytics
set grid xtics noytics back
set xlabel offset 0,0.2
do for [p = 1:panel_count] {
    unset logscale
    set xrange [*:*]
    set yrange [*:*]
    stats data using (in_panel(p) ? take_view(column("view_low"), column("view_high"), column("log")) : 0) nooutput
    set lmargin at screen panel_left / width
    set rmargin at screen 1 - panel_right / width
    set tmargin at screen top_at(p)
    set bmargin at screen bottom_at(p)
    set xrange [low_view:high_view]
    if (log_view) { set logscale x }
    eval "set xtics rotate by 0 (".view_marks(0).")"
    set yrange [lines_in[p] + 0.5:0.5]
    do for [i = 1:text_count] {
        if (text_panel[i] == p) {
            if (narrow) {
                set label 100 + i plain(shortened(texts[i], numbers[i])) at screen panel_left / width,first text_line[i] - 0.24 left front noenhanced font small_font
                set label 400 + i plain(numbers[i]) at screen 1 - panel_right / width,first text_line[i] - 0.24 right front noenhanced font small_font
            } else {
                set label 100 + i plain(texts[i]) at screen (panel_left - 10) / width,first text_line[i] right noenhanced font small_font
                set label 400 + i plain(numbers[i]) at screen 1 - (panel_right - 10) / width,first text_line[i] left noenhanced font small_font
            }
        }
    }
    set title titles[p] offset 0,-0.5
    if (p == 1) { set key at screen 0.5,screen 1 - key_top / height center center horizontal Left reverse noenhanced samplen (narrow ? 0.4 : 1) spacing 1 width (narrow ? 0 : 2) maxrows 1 } else { unset key }
    plot data using (in_panel(p) ? column("expected_low") : NaN):(line_of(0)):(column("expected_low")):(column("expected_high")):(line_of(0) - half_line):(line_of(0) + half_line) \
            with boxxyerror fillstyle solid 1.0 noborder linecolor rgb "#e4ecdf", \
        data using (in_panel(p) ? column("neutral") : NaN):(line_of(0) - half_line):(0):(2 * half_line) \
            with vectors nohead linecolor rgb "#444444" linewidth 1 dashtype solid, \
        for [bound in "above below"] data using (in_panel(p) ? column(bound) : NaN):(line_of(0) - half_line):(0):(2 * half_line) \
            with vectors nohead linecolor rgb "#2f6b2f" linewidth 1.4 dashtype (6,4), \
        data using (in_panel(p) && column("mark") > 0 ? column("bar_low") : NaN):(line_of(0)):(column("bar_high") - column("bar_low")):(0):(10 * column("mark") + column("open_low") + 2 * column("open_high")) \
            with vectors arrowstyle variable, \
        for [v = 1:3] data using (of(p, v, 1) ? column("at") : NaN):(line_of(0)) \
            with points pointtype verdict_marks[v] pointsize mark_size linecolor rgb verdict_colours[v], \
        for [v = 1:3] data using (of(p, v, 0) ? column("at") : NaN):(line_of(0)) \
            with points pointtype verdict_marks[v] pointsize mark_size linecolor rgb "white", \
        for [v = 1:3] data using (of(p, v, 0) ? column("at") : NaN):(line_of(0)) \
            with points pointtype verdict_open_marks[v] pointsize mark_size linewidth 1.6 linecolor rgb verdict_colours[v], \
        for [v = 1:3] NaN with points pointtype verdict_marks[v] pointsize mark_size linecolor rgb verdict_colours[v] title say(verdict_names[v])
    unset label
}
@finish
