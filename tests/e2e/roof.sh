#!/bin/sh
# `batchlab roof`: a table for people, JSON for programs, and a clear refusal.
set -eu
. "$(dirname "$0")/lib.sh"

case='one thread, as a table'
ends_with 0 roof --threads 1
prints '1 thread: multiply-add peak' GB/s read write triad l1 l2 l3 dram 'write-allocate'
if grep -E '[^a-z](nan|inf)([^a-z]|$)' out >err; then fail 'a number is missing'; fi

case='one thread, as JSON'
ends_with 0 roof --threads 1 --json
prints '"fma_gflops"' '"dram"' '"triad_gb_per_second"' '"capacity_bytes"'
if command -v python3 >/dev/null; then
    python3 -c '
import json
(roof,) = json.load(open("out"))
assert roof["threads"] == 1 and roof["fma_gflops"] > 0
assert roof["dram"]["read_gb_per_second"] > 0' || fail 'the JSON is not as promised'
fi

case='all that is allowed: one processor'
one=$(sed -n 's/^Cpus_allowed_list:[[:space:]]*\([0-9]*\).*/\1/p' /proc/self/status)
status=0
taskset -c "$one" "$batchlab" roof >out 2>err || status=$?
[ "$status" -eq 0 ] || fail "exit status $status"
prints '1 processor;' '1 thread:'
if grep ' threads: ' out >err; then fail 'two threads were measured'; fi
status=0
taskset -c "$one" "$batchlab" roof --threads 2 >out 2>err || status=$?
[ "$status" -eq 1 ] || fail "exit status $status, expected 1"
says_one_line
complains '--threads: 2 is more than' 'at most 1'
