# What every figure shares: terminal, size, language, palette, panels, axes, caption, reading a figure's CSV.
#
# A script sets name, results, output, width and height (pixels of the SVG), then loads this file.
# Colours: Okabe and Ito (2008), told apart with any colour vision; each series also has a mark and a
# dash of its own, so that a grey print can be read.
#
# `batchlab plot` may set beforehand, by gnuplot's -e:
#   page_width, page_height  of the figure in the pixels that a script counts in (0: as the script says)
#   page_scale               what such a pixel measures on paper, in CSS pixels of 1/96 inch
#   page_dpi                 of a png whose size is given
#   page_face                font family
#   page_bare                1: without heading and caption, which belong in the text around it
#   page_format              svg, png, pdf, tikz or cairolatex; else it is the suffix of output
#   page_words, page_language  the table of translations, and its column; English where not set
#   numbers                  the CSV to draw

set encoding utf8
if (!exists("page_width")) { page_width = 0 }
if (!exists("page_height")) { page_height = 0 }
if (!exists("page_scale")) { page_scale = 1.0 }
if (!exists("page_dpi")) { page_dpi = 192.0 }
if (!exists("page_face")) { page_face = "DejaVu Sans" }
if (!exists("page_bare")) { page_bare = 0 }
if (!exists("page_language")) { page_language = "en" }
if (!exists("page_format")) { page_format = output[strlen(output) - 2:*] }
face = page_face
if (!strstrt(" svg png pdf tikz cairolatex ", " ".page_format." ")) {
    printerr sprintf("%s: expected a name that ends in .svg, .png or .pdf", output)
    exit status 1
}
# On a page of its own size panels go below each other where they do not fit, the legend below them.
if (page_width > 0) { width = page_width }
narrow = page_width > 0 && width < 1000
# LaTeX sets the text, with fonts of its own.
tex = page_format eq "tikz" || page_format eq "cairolatex"
if (tex) { page_bare = 1 } # LaTeX has captions of its own
tex_size = sprintf("\\fontsize{%g}{%g}\\selectfont", 9.75 * page_scale, 11.7 * page_scale)
# Terminals count the size of letters and marks each in its own way.
svg = page_format eq "svg"
heading_font = tex ? "" : face.(svg ? ",15.5" : ",12")
small_font = tex ? "" : face.(svg ? ",11.5" : ",9")
mark_scale = svg ? 0.75 : 1.0
tikz_terminal(any) = sprintf("set terminal tikz clip size %.6fin,%.6fin charsize %gpt,%gpt linewidth %g font '%s'", \
    page_scale * width / 96.0, page_scale * height / 96.0, 4.7 * page_scale, 10.5 * page_scale, 1.3 * page_scale, tex_size)
# Again after a change of height.
dots = page_dpi / 96.0 * page_scale
resize = "if (page_format eq 'svg') { set terminal svg size ceil(width),ceil(height) font face.',13' linewidth 1.1 background 'white' }; if (page_format eq 'png') { set terminal pngcairo size floor(dots * width + 0.5),floor(dots * height + 0.5) font face.',10' fontscale 0.95 * dots linewidth dots pointscale 0.95 * dots background 'white' }; if (page_format eq 'pdf') { set terminal pdfcairo size page_scale * width / 96.0,page_scale * height / 96.0 font face.',10' fontscale 0.74 * page_scale linewidth 1.3 * page_scale pointscale 0.85 * page_scale background 'white' }; if (page_format eq 'cairolatex') { set terminal cairolatex pdf colourtext size page_scale * width / 96.0,page_scale * height / 96.0 font sprintf(',%g', 9.75 * page_scale) header tex_size linewidth 1.3 * page_scale pointscale 0.85 * page_scale }; if (page_format eq 'tikz') { eval tikz_terminal(0) }"
@resize

# ---- Words -----------------------------------------------------------------------------------------

# A text of a script in the language of the figure. What the table lacks is an error at the end.
dictionary = "\n"
missing_word = ""
if (exists("page_words") && page_language ne "en") {
    set datafile separator tab
    set datafile columnheaders
    stats page_words using (dictionary = dictionary.strcol("en")."\t".strcol(page_language)."\n", 1) nooutput
}
replaced(text, what, by) = strstrt(text, what) == 0 ? text : \
    text[1:strstrt(text, what) - 1].by.replaced(text[strstrt(text, what) + strlen(what):*], what, by)
# A text as LaTeX reads it.
array for_tex[17] = ["%", "&", "#", "_", "^", "α", "β", "ε", "θ", "Σ", "·", "×", "–", "…", "²", "<", ">"]
array in_tex[17] = ["\\%", "\\&", "\\#", "\\_", "\\^{}", "$\\alpha$", "$\\beta$", "$\\varepsilon$", "$\\theta$", "$\\Sigma$", "$\\cdot$", "$\\times$", "--", "\\dots{}", "$^2$", "$<$", "$>$"]
tex_from(text, i) = i > 17 ? text : tex_from(replaced(text, for_tex[i], in_tex[i]), i + 1)
plain(text) = tex ? tex_from(text, 1) : text
theta(i) = tex ? sprintf("$\\theta_%d$", i) : sprintf("θ_%d", i)
# Lines below each other, where LaTeX sets the text.
stacked(text) = tex && strstrt(text, "\n") ? "\\shortstack{".replaced(text, "\n", "\\\\{}")."}" : text
after(text, what) = text[strstrt(text, what) + strlen(what):*]
say(text) = plain(translated(text))
translated(text) = page_language eq "en" ? text : (strstrt(dictionary, "\n".text."\t") ? \
    first_line(after(dictionary, "\n".text."\t")) : (missing_word = text, text))
first_line(text) = text[1:strstrt(text, "\n") - 1]
# How wide a character is, of an English one.
wide_characters = page_language eq "zh" ? 1.6 : 1.0
# How much higher its lines are, in pixels.
tall = page_language eq "zh" ? 7.0 : 0.0

# ---- Reading the CSV -----------------------------------------------------------------------------

set datafile separator comma
set datafile columnheaders
if (!exists("numbers")) { numbers = results."/figures/".name.".csv" }
data = numbers

# The caption's two lines stand in the first row. Series and panels are numbered from 1.
array labels[256]
array titles[256]
caption = ""
source = ""
series_count = 0
panel_count = 0
longest_label = 11
larger(a, b) = a > b ? a : b
smaller(a, b) = a < b ? a : b
take_caption(text, from) = (caption = strlen(caption) ? caption : text, \
                            source = strlen(source) ? source : from, 1)
take_series(i, text) = (labels[int(i)] = plain(text), longest_label = larger(longest_label, strlen(text)), \
    series_count = larger(series_count, int(i)), 1)
take_panel(i, text) = (titles[int(i)] = plain(text), panel_count = larger(panel_count, int(i)), 1)

# Smallest and largest of the positive numbers it is shown.
low = 1e300
high = 0.0
forget(any) = (low = 1e300, high = 0.0, 1)
take(v) = (v == v && v > 0) ? (low = (v < low ? v : low), high = (v > high ? v : high), 1) : 1
# Where there were none, or all were one: room for something around them.
settle(factor) = (low = (high > 0 ? low : 0.1), high = (high > 0 ? high : 1.0), \
                  low = low / factor, high = high * factor, 1)

# ---- Series: colour, mark and dash by number; they come round after eight -------------------------

array colours[8] = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#8C6D31"]
array marks[8] = [7, 5, 9, 11, 13, 15, 7, 5]
array open_marks[8] = [6, 4, 8, 10, 12, 14, 6, 4]
array dashes[8] = ["(1,0)", "(14,4)", "(7,3)", "(14,4,3,4)", "(3,3)", "(20,5)", "(14,4,3,4,3,4)", "(5,7)"]
wrap(i) = (int(i) - 1) % 8 + 1
# Line types 1 .. 64: dashed lines with filled marks; 101 .. 164: the same colours with open marks, for
# what was not reached; 201 .. 264: solid lines without marks.
do for [i = 1:64] {
    j = wrap(i)
    # From the ninth on the dash moves by one, so that a colour comes back with another dash.
    k = wrap(i + (i - 1) / 8)
    stroke = dashes[k] eq "(1,0)" ? "solid" : dashes[k]
    eval sprintf("set linetype %d lc rgb '%s' lw 1.8 dt %s pt %d ps %g", i, colours[j], stroke, marks[j], 0.8 * mark_scale)
    eval sprintf("set linetype %d lc rgb '%s' lw 1.5 dt solid pt %d ps %g", 100 + i, colours[j], open_marks[j], 1.2 * mark_scale)
    eval sprintf("set linetype %d lc rgb '%s' lw 1.5 dt solid pt %d ps %g", 200 + i, colours[j], marks[j], 0.8 * mark_scale)
}

# ---- Panels: left, right, bottom and top of column c and row r, as shares of the page ---------------

panel_columns = 1
panel_rows = 1
legend_width = 0.0    # pixels kept free at the right
legend_height = 0.0   # pixels kept free below the panels, on a narrow page
gap_width = narrow ? 66.0 : 78.0 # between panels: room for numbers and a label
gap_height = tall + (narrow ? 44.0 : 78.0)
margin_left = narrow ? 76.0 : 92.0 # room for axis label and numbers such as 2·10⁵, in svg as well
margin_right = narrow ? 16.0 : 18.0
margin_top = tall + (page_bare ? 14.0 : (narrow ? 40.0 : 66.0))
axis_height = 56.0 + tall # numbers and axis label
margin_bottom = axis_height
page_edge = narrow ? 10.0 : margin_left # left of the caption
panel_width(any) = (width - margin_left - margin_right - legend_width - gap_width * (panel_columns - 1)) \
                   / panel_columns
panel_height(any) = (height - margin_top - margin_bottom - gap_height * (panel_rows - 1)) / panel_rows
left_of(c) = (margin_left + (c - 1) * (panel_width(0) + gap_width)) / width
right_of(c) = left_of(c) + panel_width(0) / width
top_of(r) = 1 - (margin_top + (r - 1) * (panel_height(0) + gap_height)) / height
bottom_of(r) = top_of(r) - panel_height(0) / height
place = "set lmargin at screen left_of(c); set rmargin at screen right_of(c); set tmargin at screen top_of(r); set bmargin at screen bottom_of(r)"

# Panels beside each other: as many as are wanted and fit.
fitting(most) = page_width == 0 ? most : larger(1, smaller(most, \
    floor((width - margin_left - margin_right - legend_width + gap_width) / (gap_width + 175))))
# Panel p of a script that fixes what its panels are; x_text stands below the last row.
next_panel = "c = (p - 1) % panel_columns + 1; r = (p - 1) / panel_columns + 1; ".place."; if (p + panel_columns > panel_count) { set xlabel x_text } else { unset xlabel }"

# The height that the script computed, that the page was given, or that a narrow page asks for; and the
# terminal again.
narrow_height(any) = margin_top + margin_bottom + gap_height * (panel_rows - 1) \
    + panel_rows * larger(120.0, smaller(230.0, (panel_rows == 1 ? 0.6 : 0.5) * panel_width(0)))
fit_page = "if (page_height > 0) { height = page_height } else { if (narrow && script_height == 0) { height = ceil(narrow_height(0)) } }; if (panel_height(0) < least_panel) { printerr sprintf('chart %s does not fit: %.0f mm is too low for it at this width and size of letters, expected at least %.0f mm', name, page_scale * height * 25.4 / 96, ceil(page_scale * (height + panel_rows * (least_panel - panel_height(0))) * 25.4 / 96)); exit status 1 }; ".resize
script_height = 0  # 1: what the script computed is for any width
least_panel = 60.0 # pixels; of a script that lays out lines: none

# The legend as a plot of its own: right of the panels, or below them. legend_of: the width that it takes
# there, for so many entries of at most so many characters. A page whose width nobody asked for grows, so that the
# panels keep more than half of what it was.
legend_columns = 1
legend_rows = 0
legend_below(characters, entries) = ( \
    legend_columns = larger(1, smaller(entries, int((width - 2 * page_edge) / ((page_format eq "tikz" ? 11.0 : 5.9) * wide_legend * characters + 60)))), \
    legend_rows = int((entries + legend_columns - 1) / legend_columns), \
    legend_height = (14.6 + tall / 2 + (page_format eq "tikz" ? 5 : 0)) * legend_rows + 10, margin_bottom = margin_bottom + legend_height, 0.0)
legend_beside(characters) = (legend_room = 0.45 * width, legend_least = 6.9 * wide_legend * characters + 60, \
    width = page_width > 0 ? width : width + larger(0, legend_least - legend_room), \
    smaller(8.0 * wide_legend * characters + 60, page_width > 0 ? legend_room : larger(legend_room, legend_least)))
# Labels are numbers and names for the most part.
wide_legend = wide_characters > 1 ? 1.15 : 1.0
legend_of(characters, entries) = narrow ? legend_below(characters, entries) : legend_beside(characters)
# The same with a width that is known.
legend_within(pixels, characters, entries) = narrow ? legend_below(characters, entries) : pixels
legend_right = "set lmargin at screen 1 - (legend_width + margin_right - 14) / width; set rmargin at screen 1 - margin_right / width; set tmargin at screen top_of(1); set bmargin at screen bottom_of(panel_rows)"
legend_under = "set lmargin at screen page_edge / width; set rmargin at screen 1 - page_edge / width; set tmargin at screen (margin_bottom - axis_height) / height; set bmargin at screen (margin_bottom - axis_height - legend_height) / height"
legend_place = "if (narrow) { ".legend_under." } else { ".legend_right." }; unset border; unset tics; unset xlabel; unset ylabel; unset title; unset grid; unset logscale; set xrange [0:1]; set yrange [0:1]; set key at graph 0,1 left top Left reverse noenhanced samplen (narrow ? 2.2 : 2.6) spacing (narrow ? 1.05 : 1.25) width (narrow ? (tall > 0 ? 3 : page_format eq 'cairolatex' ? 4 : 1) : 0); if (narrow) { set key maxcols legend_columns maxrows legend_rows font small_font }"

# ---- Axes ------------------------------------------------------------------------------------------

set border 3 linecolor rgb "#444444" linewidth 0.8
set tics nomirror out scale 0.6
set grid linecolor rgb "#c4c4c4" linewidth 0.7 dashtype solid
set title noenhanced offset 0,-0.4
set key noautotitle
set xlabel offset 0,0.3
set ylabel offset (tex ? -2.0 : 0),0
grey = "#888888"

# Marks at 1, 2, 5 in each decade; fewer where many decades are shown, more within half of one.
power_text(m, d) = m == 1 ? sprintf("10^{%d}", d) : sprintf(tex ? "%d{\\cdot}10^{%d}" : "%d·10^{%d}", m, d)
mark_text(m, d) = (d > 3 || d < -3) ? (tex ? "$".power_text(m, d)."$" : power_text(m, d)) \
                                    : sprintf("%g", m * 10.0 ** d)
marks_list = ""
mark(m, d) = (marks_list = marks_list.sprintf("'%s' %g,", mark_text(m, d), m * 10.0 ** d), 0)
log_marks(from, to) = (marks_list = "", decades = log10(to / from), \
    step = int(decades / 7) + 1, \
    (sum [d = floor(log10(from)):ceil(log10(to))] \
        (d % step == 0 ? mark(1, d) : 0, decades < 2.5 ? mark(2, d) : 0, decades < 1.6 ? mark(5, d) : 0, \
        decades < 0.5 ? (mark(3, d), mark(4, d), mark(6, d), mark(8, d)) : 0, 0)), \
    marks_list[1:strlen(marks_list) - 1])
log_x = "set logscale x; set xrange [low:high]; eval 'set xtics rotate by 0 ('.log_marks(low, high).')'"
log_y = "set logscale y; set yrange [low:high]; eval 'set ytics ('.log_marks(low, high).')'"

# The batch sizes that were tried, the full batch by name.
full_text = say("full")
k_list = ","
k_count = 0
k_low = 1e300
k_high = 0.0
forget_k(any) = (k_list = ",", k_count = 0, k_low = 1e300, k_high = 0.0, 1)
k_entry(k, full) = sprintf("'%s' %.0f,", full == 1 ? full_text : sprintf("%.0f", k), k)
take_k(k, full) = (k_low = (k < k_low ? k : k_low), k_high = (k > k_high ? k : k_high), \
    strstrt(k_list, ",".k_entry(k, full)) ? 1 : \
        (k_list = k_list.k_entry(k, full), k_count = k_count + 1, 1))
# Turned where they would touch.
turn_of(count) = count * (narrow ? 38 : 44) < panel_width(0) ? 0 : (count * 20 < panel_width(0) ? -45 : -90)
batch_x = "set logscale x; set xrange [k_low / 1.6:k_high * 1.6]; eval sprintf('set xtics rotate by %d %s (%s)', turn_of(k_count), turn_of(k_count) == 0 ? 'center' : 'left', k_list[2:strlen(k_list) - 1])"

# ---- Costs of reaching a target --------------------------------------------------------------------

# The range of median_<what>, low_<what>, high_<what>, and above it a line of open marks for each
# series that has points not reached, so that they do not hide each other.
reached(i) = column("series") == i && column("censored") == 0
censored(i) = column("series") == i && column("censored") == 1
array censored_line[256]
censored_lines = 0
find_censored = "do for [i = 1:series_count] { censored_line[i] = 0 }; stats data using (column('censored') == 1 && censored_line[int(column('series'))] == 0 ? (censored_lines = censored_lines + 1, censored_line[int(column('series'))] = censored_lines) : 0) nooutput"
cost_range = "ok = forget(0); stats data using (take(column('median_'.what)), take(column('low_'.what)), take(column('high_'.what)), 1) nooutput; any_cost = high > 0; ok = settle(1.5); ceiling = high; high = high * (high / low) ** (0.05 * censored_lines)"
# Without any cost the axis has no numbers.
cost_y = log_y."; if (!any_cost) { set format y ''; set ytics (low); set label 9 say('no target reached') at graph 0.5,0.5 center textcolor rgb '#555555' }"
censored_height(i) = high / (high / low) ** (0.04 * (censored_line[i] - 0.4))
# A seed that did not reach it has no largest cost: the bar goes up to the marks.
bar_end(v) = v == v ? v : ceiling

# ---- Title and caption -----------------------------------------------------------------------------

# A text in lines of at most so many characters, cut at a blank where there is one in the second half
# of the line, else (a path) where the line is full.
last_blank(text, i, least) = i <= least ? 0 : (substr(text, i, i) eq " " ? i : last_blank(text, i - 1, least))
cut_of(text, most) = (blank = last_blank(text, int(most) + 1, int(most * (wide_characters > 1 ? 0.8 : 0.5))), blank > 0 ? blank : int(most))
wrapped(text, most) = strlen(text) <= most ? text \
    : (cut = cut_of(text, most), substr(text, 1, cut))."\n".wrapped_rest(text, cut, most)
wrapped_rest(text, cut, most) = wrapped(substr(text, cut + 1, strlen(text)), most)
line_count(text) = 1 + (strstrt(text, "\n") ? line_count(text[strstrt(text, "\n") + 1:*]) : 0)

# Panel titles in as many lines as the panels' width asks for; the gaps between the panels grow.
title_characters(any) = larger(12, panel_width(0) / (7.8 * wide_legend))
title_lines = 1
fit_titles = "do for [p = 1:panel_count] { titles[p] = wrapped(titles[p], title_characters(0)); title_lines = larger(title_lines, line_count(titles[p])); titles[p] = stacked(titles[p]) }; if (narrow) { gap_height = gap_height + 20; margin_top = margin_top + (page_bare ? 14 : 20) }; gap_height = gap_height + 17.0 * (title_lines - 1); margin_top = margin_top + 17.0 * (title_lines - 1)"
panel_title = "set title titles[p]"
# A label at a low panel's left in two lines.
upright(text) = narrow ? stacked(wrapped(text, larger(12, panel_height(0) / (7.4 * wide_characters)))) : text

# Labels on the page, taken along by the first plot after `set multiplot`: the caption in lines, below
# them the source. A caption that says which setting is shown says so on a line of its own.
caption_lines = ""
shown_text = " · ".say("shown: ")
shown_at(text) = strstrt(text, shown_text)
# A line of Chinese alone is twice as wide as one of Latin letters, and may come.
caption_characters(any) = (narrow ? (width - 2 * page_edge) / 6.9 : width / 7.4) / (wide_characters > 1 ? 1.95 : 1.0)
in_lines(text) = shown_at(text) ? wrapped(text[1:shown_at(text) - 1], caption_characters(0))."\n".wrapped(text[shown_at(text) + 3:*], caption_characters(0)) \
                                : wrapped(text, caption_characters(0))
# Lines of the source do not wrap on a wide page.
split_caption(any) = page_bare ? bare_page(0) : (caption_lines = in_lines(caption), \
    source_lines = narrow ? wrapped(source, caption_characters(0)) : source, \
    heading = narrow ? wrapped(heading, width / (9.4 * (wide_characters > 1 ? 1.5 : 1.0))) : heading, \
    caption_count = line_count(caption_lines), page_lines = caption_count + line_count(source_lines), \
    margin_top = margin_top + 18.0 * (line_count(heading) - 1), \
    margin_bottom = margin_bottom + 25 + 17.0 * (narrow ? page_lines : larger(3, page_lines)), 1)
bare_page(any) = (caption_lines = "", source_lines = "", heading = "", caption_count = 0, page_lines = 0, 1)
line_of_text(i, text) = i == 1 ? (strstrt(text, "\n") ? text[1:strstrt(text, "\n") - 1] : text) \
    : (strstrt(text, "\n") ? line_of_text(i - 1, text[strstrt(text, "\n") + 1:*]) : "")
caption_line(i) = line_of_text(i, caption_lines."\n".source_lines)
page = "set label 1 heading at screen 0.5,screen 1 - 22.0 / height center font heading_font noenhanced; do for [line = 1:page_lines] { set label 1 + (line > caption_count ? line - caption_count : line + page_lines - caption_count) caption_line(line) at screen page_edge / width,screen (11.0 + 17.0 * (page_lines - line)) / height left textcolor rgb '#444444' font small_font noenhanced }"
finish = "unset multiplot; unset output; if (strlen(missing_word)) { printerr sprintf('%s: no translation of [%s] to %s', page_words, missing_word, page_language); exit status 1 }"
