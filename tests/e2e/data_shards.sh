#!/bin/sh
# Data as shards: training on them is training on the files they were made of, and whatever is wrong
# with them is one line.
set -eu

. "$(dirname "$0")/lib.sh"

# idx COUNT SEED: images-SEED and labels-SEED, COUNT images of 8 x 8 pixels of four classes, each
# with its own quarter lit.
idx() {
    LC_ALL=C awk -v count="$1" -v seed="$2" '
        function word(n) { return sprintf("%08x", n) }
        BEGIN {
            images = "images-" seed ".hex"; labels = "labels-" seed ".hex"
            srand(seed)
            printf "%s", "00000803" word(count) word(8) word(8) >images
            printf "%s", "00000801" word(count) >labels
            for (i = 0; i < count; i++) {
                class = int(4 * rand())
                printf "%02x", class >labels
                for (p = 0; p < 64; p++) {
                    lit = int(p / 32) * 2 + int(p % 8 / 4) == class
                    printf "%02x", int(rand() * (lit ? 256 : 160)) >images
                }
            }
        }'
    for part in images labels; do
        perl -ne 'print pack("H*", $_)' "$part-$2.hex" >"$part-$2"
        rm "$part-$2.hex"
    done
}

idx 4000 1
idx 500 2
gzip -kn images-1

case='shards of images, plain or compressed'
ends_with 0 convert --images images-1.gz --labels labels-1 --shard-bytes 70000 train
prints 'train: 4000 examples of 64 bytes, 4 classes, in 4 shards; set '
ends_with 0 convert --images images-1 --labels labels-1 --shard-bytes 70000 again
ends_with 0 convert --images images-2 --labels labels-2 test
for shard in train/*; do is_same "$shard" "again/${shard#train/}"; done
has_no_leftovers .
ends_with 0 verify train
prints '4 shards of 4000 examples: 0 damaged.'

case='training on shards is training on the files they were made of'
cat >idx.yaml <<'END'
dataset: {name: idx, images: images-1, labels: labels-1, test_images: images-2, test_labels: labels-2,
          train: 3000, validation: 500, scaling: standard}
grid: {engine: naive, network: S, batch_size: 8, learning_rate: 0.02,
       sampler: [reshuffle, with_replacement, block_shuffle], block: 512, redundancy: [1, 2]}
budget: {epochs: 2}
END
sed -e 's/name: idx, images: images-1, labels: labels-1/name: shards, path: train/' \
    -e 's/test_images: images-2, test_labels: labels-2/test_path: test/' idx.yaml >shards.yaml
ends_with 0 run idx.yaml --no-charts
ends_with 0 run shards.yaml --no-charts
for name in idx shards; do
    for table in cells curves; do
        columns_except results/$name/$table.csv "^id\$|$measured" | sort >$name-$table
    done
done
is_same shards-cells idx-cells
is_same shards-curves idx-curves
[ "$(column results/shards/cells.csv outcome | sort -u)" = budget ] || fail 'not all trained'
column results/shards/cells.csv test_error | awk '!($1 < 0.4) { exit 1 }' || fail 'nothing learned'

case='what duplicates cost'
column results/shards/cells.csv epoch_bytes | sort -u | tr '\n' ' ' >bytes
[ "$(cat bytes)" = '192000 384000 ' ] || fail "epoch_bytes: $(cat bytes)"
[ "$(column results/shards/cells.csv distinct_epoch_bytes | sort -u)" = 192000 ] ||
    fail 'copies that an axis makes are read once'

case='tables and LIBSVM'
printf 'a,kind,b\n1,x,2\n3,y,4\n5,x,6\n' >table.csv
printf '1 1:1 3:2\n-1 2:1\n' >data.svm
ends_with 0 convert --csv table.csv --label kind table
prints 'table: 3 examples of 2 floats, 2 classes, in 1 shard'
printf 'y,b\n1.5,2\n-3,4\n' >numbers.csv
ends_with 0 convert --csv numbers.csv --target y --scaling none numbers
prints 'numbers: 2 examples of 1 floats, numbers, in 1 shard'
ends_with 0 convert --libsvm data.svm --element uint8 svm
prints 'svm: 2 examples of 3 bytes, 2 classes, in 1 shard'

case='a line that is malformed'
printf 'a,kind,b\n1,x,2\n3,y,four\n' >bad.csv
ends_with 1 convert --csv bad.csv --label kind bad
complains "bad.csv:3: column 3: 'four' is not a number"
says_one_line
is_absent bad
printf '1 1:1\n2 2:1 1:1\n' >bad.svm
ends_with 1 convert --libsvm bad.svm bad
complains 'bad.svm:2: index 1 after 2, expected them ascending'
is_absent bad

case='a target that is there'
ends_with 1 convert --libsvm data.svm train
complains 'train: exists already'
says_one_line
ends_with 0 verify train

case='usage'
ends_with 64 convert
complains 'expected the name of the folder'
ends_with 64 convert --images images-1 target
complains 'expected one of --images with --labels, --csv, --libsvm'
ends_with 64 convert --csv table.csv target
complains 'expected either --label or --target'
ends_with 64 convert --csv table.csv --label kind --libsvm data.svm target
ends_with 64 convert --libsvm data.svm --element int8 target
complains "--element: 'int8' is not valid"
ends_with 64 convert --libsvm data.svm --shard-bytes 0 target
is_absent target

case='a shard that is missing, truncated, damaged or of another set'
refuses() {
    ends_with 1 plan shards.yaml
    complains "shards.yaml:1: train/$1" "$2"
    says_one_line
}
mv train/00002-of-00004.shard kept
refuses 00002-of-00004.shard 'is missing, expected 4 shards'
head -c 20000 kept >train/00002-of-00004.shard
refuses 00002-of-00004.shard 'truncated: 20000 bytes, expected '
ends_with 1 verify train
complains 'train/00002-of-00004.shard: truncated'
: >train/00002-of-00004.shard
refuses 00002-of-00004.shard 'truncated: 0 bytes'
cp kept train/00002-of-00004.shard
printf 'X' | dd of=train/00002-of-00004.shard bs=1 seek=60 conv=notrunc 2>/dev/null
refuses 00002-of-00004.shard 'header: CRC-32'
cp kept train/00002-of-00004.shard
printf 'X' | dd of=train/00002-of-00004.shard bs=1 seek=9000 conv=notrunc 2>/dev/null
ends_with 1 verify train
prints 'train/00002-of-00004.shard: features: CRC-32' '1 damaged'
ends_with 0 convert --images images-1 --labels labels-1 --shard-bytes 140000 other
cp other/00001-of-00002.shard train/00002-of-00004.shard
refuses 00002-of-00004.shard 'of set '
cp kept train/00002-of-00004.shard
cp other/00001-of-00002.shard train/
ends_with 1 plan shards.yaml
complains 'expected one set in a folder'
rm train/00001-of-00002.shard
ends_with 0 plan shards.yaml

case='generated data, of any size'
cat >generated.yaml <<'END'
dataset: {name: generated, examples: 1000000000, validation: 500, features: 6, classes: 3}
grid: {engine: naive, network: S, batch_size: 20, learning_rate: 0.1, subset: [1000, all],
       sampler: [reshuffle, with_replacement, block_shuffle]}
budget: {updates: 300}
END
ends_with 0 run generated.yaml --no-charts
has_cells results/generated 6
[ "$(column results/generated/cells.csv outcome | sort -u)" = budget ] || fail 'not all trained'
column results/generated/cells.csv final_validation_error | awk '!($1 < 0.3) { exit 1 }' ||
    fail 'nothing learned'
[ -z "$(column results/generated/cells.csv epoch_bytes | tr -d '\n')" ] || fail 'bytes of nothing'
column results/generated/cells.csv peak_memory_bytes |
    awk '{ if (!n++ || $1 < low) low = $1; if ($1 > high) high = $1 } END { exit !(high < low + 2e7) }' ||
    fail 'memory grows with the number of examples'
for axis in 'imbalance: 2' 'label_noise: 0.1' 'redundancy: 2' 'deduplicate: exact' 'optimizer: svrg' \
    'sampler: balanced' 'class_weights: inverse' 'batch_size: 20000'; do
    sed "s/^grid:.*/grid: {engine: naive, network: S, $axis}/; /^ *sampler:/d" generated.yaml >refused.yaml
    ends_with 1 plan refused.yaml
    complains refused.yaml:2: generated
    says_one_line
done
