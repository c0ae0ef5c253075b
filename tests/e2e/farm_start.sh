#!/bin/sh
# How ranks find together: with and without a shared folder, and what they refuse.
set -eu
. "$(dirname "$0")/lib.sh"
needs_mpirun

small_grid >grid.yaml
ends_with 0 run grid.yaml --results alone
convergence_of alone >expected

case='ranks that find everything finished'
mpirun_ends_with 0 -n 2 "$batchlab" run grid.yaml --results alone
prints '6 finished cells were there already'

case='one rank is a run as any'
mpirun_ends_with 0 -n 1 "$batchlab" run grid.yaml --results one --no-roof
convergence_of one >found
is_same found expected

case='a folder of its own each: finished cells come to rank 0'
mkdir here there tmp
cp grid.yaml here
cp grid.yaml there
TMPDIR=$PWD/tmp mpirun_ends_with 0 \
    -n 1 --wdir "$PWD/here" "$batchlab" run grid.yaml --results res --jobs 1 --no-roof : \
    -n 2 --wdir "$PWD/there" "$batchlab" run grid.yaml --results res --jobs 1 --no-roof
convergence_of here/res >found
is_same found expected
ends_with 0 verify here/res
is_absent there/res
[ -z "$(find tmp -name 'batchlab-*')" ] || fail "left behind: $(ls tmp)"

case='other data'
sed 's/examples: 300/examples: 301/' grid.yaml >there/grid.yaml
mpirun_ends_with 1 -n 1 --wdir "$PWD/here" "$batchlab" run grid.yaml --results new : \
    -n 1 --wdir "$PWD/there" "$batchlab" run grid.yaml --results new
one_rank_complains 'rank 1 on' 'other data than rank 0'

case='no experiment on one of them'
rm there/grid.yaml
mpirun_ends_with 1 -n 1 --wdir "$PWD/here" "$batchlab" run grid.yaml --results new : \
    -n 1 --wdir "$PWD/there" "$batchlab" run grid.yaml --results new
one_rank_complains 'rank 1 on' grid.yaml 'No such file'

case='no experiment on any'
mpirun_ends_with 1 -n 2 "$batchlab" run nowhere.yaml
one_rank_complains nowhere.yaml

case='another program'
mkdir -p other/bin
cp "$batchlab" other/bin/batchlab
root=$(cd "$(dirname "$batchlab")/.." && pwd)
ln -s "$root/lib" "$root/share" other
echo >>other/bin/batchlab
mpirun_ends_with 1 -n 1 "$batchlab" run grid.yaml --results new : \
    -n 1 other/bin/batchlab run grid.yaml --results new
one_rank_complains 'rank 1 on' 'another program than rank 0' 'CRC-32'
is_absent new

case='what does not go over ranks'
mpirun_ends_with 1 -n 2 "$batchlab" run --tier ci
one_rank_complains '--tier: not over several ranks'
mpirun_ends_with 1 -n 2 "$batchlab" run grid.yaml --here --only k8 --results new
one_rank_complains '--here: not over several ranks'
mpirun_ends_with 64 -n 2 "$batchlab" run grid.yaml --jobs 0
one_rank_complains '--jobs'

case='started by an mpirun that is not of this MPI'
for rank in 0 1; do
    status=0
    PMI_SIZE=2 PMI_RANK=$rank "$batchlab" run grid.yaml --results new >out 2>err </dev/null || status=$?
    [ "$status" -eq 1 ] || fail "exit status $status, expected 1"
    if [ "$rank" -eq 0 ]; then one_rank_complains 'started as one of 2' 'knows of one'; fi
done
is_absent new

case='a folder that is in use'
mkdir -p held/cells
(
    flock 9
    mpirun_ends_with 1 -n 2 "$batchlab" run grid.yaml --results held
    one_rank_complains 'another batchlab is running in this folder'
) 9>>held/.lock || exit 1
