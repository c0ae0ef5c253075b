# Time of the head over that of the base, cell by cell, with intervals.
#   gnuplot -c plots/gate.gp FOLDER OUT.svg|png|pdf
name = "gate"
plots = ARG0[1:strlen(ARG0) - strlen(name.".gp")]
array kinds[4] = ["slower", "faster", "unclear", "same"]
heading = "head over base"
xlabel_text = "time of the head / time of the base"
results = ARG1
output = ARG2
load plots."ratios.gp"
