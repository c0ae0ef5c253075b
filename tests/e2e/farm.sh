#!/bin/sh
# One experiment over several ranks: the same results as in one process, and one clear line where it
# cannot be. More: farm_start.sh, farm_faults.sh.
set -eu
. "$(dirname "$0")/lib.sh"
needs_mpirun

small_grid >grid.yaml
ends_with 0 run grid.yaml --results alone
convergence_of alone >expected

case='two ranks, one folder'
mpirun_ends_with 0 -n 2 "$batchlab" run grid.yaml --results both --jobs 1 --no-roof
prints '6 cells in' '2 at a time'
convergence_of both >found
is_same found expected
has_no_leftovers both
ends_with 0 verify both

case='another experiment'
mkdir here there
cp grid.yaml here
sed 's/0.2/0.3/' grid.yaml >there/grid.yaml
mpirun_ends_with 1 -n 1 --wdir "$PWD/here" "$batchlab" run grid.yaml --results new : \
    -n 1 --wdir "$PWD/there" "$batchlab" run grid.yaml --results new
one_rank_complains 'rank 1 on' 'another experiment than rank 0'
is_absent here/new

case='without the module of MPI'
root=$(cd "$(dirname "$batchlab")/.." && pwd)
mkdir -p bare/bin bare/lib/batchlab
cp "$batchlab" bare/bin
ln -s "$root/lib/batchlab/engines" bare/lib/batchlab/engines
ln -s "$root/share" bare/share
mpirun_ends_with 1 -n 2 bare/bin/batchlab run grid.yaml --results new
one_rank_complains 'built without MPI' libopenmpi-dev
is_absent new
