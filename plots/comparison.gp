# Ratios of two results folders with their intervals, a line each.
#   gnuplot -c plots/comparison.gp FOLDER OUT.svg|png|pdf
name = "comparison"
plots = ARG0[1:strlen(ARG0) - strlen(name.".gp")]
array kinds[4] = ["worse", "better", "unclear", "same"]
heading = "B over A"
xlabel_text = "ratio B / A"
results = ARG1
output = ARG2
load plots."ratios.gp"
