#!/bin/sh
# Results as pandas reads them, without options; and every column that they have, in the dictionary.
set -eu
home=$(cd "$(dirname "$0")/../.." && pwd)
. "$(dirname "$0")/lib.sh"
python=
for name in /usr/bin/python3 python3; do
    if [ -z "$python" ] && $name -c 'import pandas' 2>/dev/null; then python=$name; fi
done
[ -n "$python" ] || skip 'no pandas (Debian: python3-pandas)'

cat >trained.yaml <<'END_OF_FILE'
question: How soon?
dataset: {name: blobs, examples: 300, features: 4, classes: 3, separation: 4, validation: 50, test: 50}
networks: {small: {hidden: [8]}}
grid: {engine: naive, network: small, batch_size: [10, full], learning_rate: [0.3, 1e12], seed: [1, 2, 3]}
budget: {epochs: 4}
evaluation: {test: each, per_class: true}
probes: {which: [noise_scale, predictions, memory], at: [0, 1], small_batch: 10, large_batch: 100, precision: 0.5,
         draw_examples: 10000}
targets: {validation_loss: [0.9, 0.0001], validation_error: 0.3}
claims:
  - {claim: C, says: Small batches need more updates, test: order, y: updates_to_validation_error_0.3,
     where: {learning_rate: 0.3}, arms: [{full_batch: 1}, {full_batch: 0}]}
END_OF_FILE
cat >tuned.yaml <<'END_OF_FILE'
question: At which rate?
dataset: {name: blobs, examples: 300, features: 4, classes: 3, separation: 4, validation: 50, test: 50}
grid: {engine: auto, network: S, batch_size: 10, seed: 1}
tuning: {keys: {learning_rate: {from: 0.1, to: 0.4}}, seeds: [101, 102]}
budget: {epochs: 2}
END_OF_FILE
cat >timed.yaml <<'END_OF_FILE'
question: How fast?
measure: throughput
dataset: {name: blobs, examples: 300, features: 4, classes: 3, validation: 50, test: 50}
grid: {engine: naive, network: S, batch_size: [10, 50]}
throughput: {seconds: 0.02, block_seconds: 0.001, blocks: 6}
END_OF_FILE
for name in trained tuned timed; do
    ends_with 0 run $name.yaml --results $name --no-charts
done
ends_with 0 verdict --no-charts trained
cp -r trained again
"$batchlab" compare trained again >out 2>err || : # which writes comparison.csv, whatever it finds
ends_with 0 import "$home/tests/fixtures/batch-science-made-up" --columns "$home/experiments/import/batch-science.yaml" \
    --into made-up --no-charts
ends_with 0 export trained --format batch-science --output science
ends_with 0 history add trained
ends_with 0 list columns
ends_with 0 list columns --json
cp out columns.json
ends_with 64 list keys --json

case=pandas
"$python" - columns.json trained again tuned timed results/made-up . <<'END_OF_FILE' >out 2>err || fail 'pandas disagrees'
import glob, json, math, os, re, sys
import pandas

dictionary = json.load(open(sys.argv[1]))
tables = {file["file"]: file["columns"] for file in dictionary["files"]}
tables["tuning_cells.csv"] = tables["cells.csv"]
assert dictionary["schema_version"] == json.load(open("trained/manifest.json"))["schema_version"]


def entry(file, column):
    for known in tables[file]:
        name = known["name"]
        if name == column or ("/" in name and "/" in column):
            return known
        if re.search("_[TC]$", name) and column.startswith(name[:-1]):
            return known
    raise SystemExit(f"{file}: {column} is not in the dictionary")


read = 0
words = {"seconds", "examples", "s", "examples/s", "GFLOP/s", "bytes", "epochs", "FLOP"}
for folder in sys.argv[2:]:
    for path in glob.glob(f"{folder}/*.csv"):
        file = os.path.basename(path)
        table = pandas.read_csv(path)
        assert len(table) > 0, path
        for column in table:
            known = entry(file, column)
            # What has a unit is a number, but for `all` and `auto`.
            if known["unit"] in words and column not in ("subset", "chunk"):
                assert table[column].dtype.kind in "fiu", (path, column, table[column].dtype)
            read += 1
assert read > 500, read

cells, curves = pandas.read_csv("trained/cells.csv"), pandas.read_csv("trained/curves.csv")
joined = curves.merge(cells, on="id", suffixes=("", "_of_cell"), validate="many_to_one")
assert len(joined) == len(curves) and set(joined["id"]) == set(cells["id"])
assert (joined["update"] * joined["batch_size"] == joined["examples"]).all()
last = joined.groupby("id").tail(1)
assert (last["validation_loss"].fillna(-1) == last["final_validation_loss"].fillna(-1)).all()
assert cells["outcome"].eq("diverged").any() and cells["updates_to_validation_loss_0.0001"].isna().all()

theirs = glob.glob("science/*/*/*/*/*/measurements.csv")  # as data_loader.load_study of Shallue et al.
frames = [pandas.read_csv(path, index_col="step") for path in theirs]
assert len(frames) == len(cells) and all("val/cross_entropy_error" in frame for frame in frames)
good = pandas.concat(frames)["val/classification_error"]
assert good.min() < 0.3 and math.isfinite(good.min())
for path in glob.glob("science/*/*/*/*"):
    study = json.load(open(path + "/study.json"))
    assert study["batch_size"] == int(os.path.basename(path))
print(read, "columns")
END_OF_FILE

case='every table of the page is in the dictionary'
"$python" - columns.json "$home/results/README.md" <<'END_OF_FILE' >out 2>err || fail 'they differ'
import json, sys

known = {(f["file"], c["name"]) for f in json.load(open(sys.argv[1]))["files"] for c in f["columns"]}
file, table, seen = "", False, set()
for line in open(sys.argv[2]):
    if line.startswith("## "):
        file = line[3:].strip()
    if line.startswith("| column |"):
        table = True
    elif not line.startswith("|"):
        table = False
    elif table and not line.startswith("|--"):
        names = line.split("|")[1].strip()
        seen |= {(file, name.strip()) for name in names.split(",") if name.strip() != "..."}
missing = seen - known
assert not missing, missing
assert {k for k in known - seen if k[0] != "tuning.csv"} == set(), known - seen
END_OF_FILE
