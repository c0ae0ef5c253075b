#!/bin/sh
# .ci/gate and .ci/run: what is compared with what, and how it ends. A stand-in answers for batchlab.
set -eu
. "$(dirname "$0")/lib.sh"

ci=$(cd "$(dirname "$0")/../../.ci" && pwd)
command -v git >/dev/null || skip 'no git'
GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1 GIT_CEILING_DIRECTORIES=$scratch
GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@example.org GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@example.org
export GIT_CONFIG_GLOBAL GIT_CONFIG_NOSYSTEM GIT_CEILING_DIRECTORIES
export GIT_AUTHOR_NAME GIT_AUTHOR_EMAIL GIT_COMMITTER_NAME GIT_COMMITTER_EMAIL
unset GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE

# ends STATUS COMMAND...: what it says, in both streams, stays in `out`
ends() {
    expected=$1
    shift
    status=0
    "$@" >out 2>&1 </dev/null || status=$?
    [ "$status" -eq "$expected" ] || fail "exit status $status, expected $expected: $*"
}

# Says what it was asked for, and ends with STAND_IN.
cat >stand_in <<'END'
#!/bin/sh
echo "asked: $*"
exit "${STAND_IN:-0}"
END
chmod +x stand_in

tree() {
    mkdir -p "$1/.ci" "$1/build/release/bin"
    cp "$ci/gate" "$ci/run" "$1/.ci"
    cp stand_in "$1/build/release/bin/batchlab"
}

# commits FOLDER SUBJECT
commits() {
    echo "$2" >"$1/file"
    git -C "$1" add file .ci
    git -C "$1" commit --quiet -m "$2"
}
hash() { git -C "$1" rev-parse "$2"; }

# compares_with REVISION: in tree `repo`
compares_with() {
    ends 0 repo/.ci/gate
    prints "--base git:$(hash repo "$1") --preset release"
}

case='no git checkout'
tree plain
ends 77 plain/.ci/gate
prints 'nothing is compared: not a git checkout'

case='inside the checkout of something else'
mkdir outer
git -C outer init --quiet
tree outer/inner
ends 77 outer/inner/.ci/gate
prints 'is not this tree'

case='one commit'
tree repo
git -C repo init --quiet --initial-branch=main
ends 77 repo/.ci/gate
prints 'has no commit'
commits repo first
ends 77 repo/.ci/gate
prints 'has no other commit'

case='on main: the commit before'
commits repo second
compares_with HEAD^
prints "base is $(git -C repo rev-parse --short HEAD^) (first)" \
    "head is $(git -C repo rev-parse --short HEAD) (second);"

case='on main with changes: its last commit'
echo changed >repo/file
compares_with HEAD
prints '(second) with what is changed in the tree;'
git -C repo checkout --quiet -- file

case='on a branch: where it left main'
git -C repo checkout --quiet -b branch
commits repo third
commits repo fourth
git -C repo checkout --quiet main
commits repo elsewhere
git -C repo checkout --quiet branch
compares_with HEAD~2

case='without main: the commit before'
git -C repo branch --quiet -m main trunk
compares_with HEAD^

case='a named revision'
ends 0 repo/.ci/gate --base=trunk --rounds 8
prints '--base git:trunk --preset release --rounds 8' '(elsewhere)'
ends 1 repo/.ci/gate --base=nowhere
prints 'nowhere: no such revision'
ends 1 repo/.ci/gate --preset=ci
prints 'build/ci/bin/batchlab: expected a build'

case='a shallow checkout'
git clone --quiet --depth 1 "file://$scratch/repo" shallow 2>/dev/null
tree shallow
ends 77 shallow/.ci/gate
prints 'has no other commit'

case='its exit status, in words'
for pair in '1 an error' '3 wrong results' '4 slower than the base' '5 too much noise' '64 exit status 64'; do
    STAND_IN=${pair%% *} ends "${pair%% *}" repo/.ci/gate --strict
    prints "${pair#* }"
done
STAND_IN=5 ends 77 repo/.ci/gate --skip --strict
STAND_IN=4 ends 4 repo/.ci/gate --skip --strict

case='.ci/run: no regression fails it, errors and wrong results do'
cp -r repo all
mkdir -p all/build/ci/bin
cp stand_in all/build/ci/bin/batchlab
printf '#!/bin/sh\nexit "${CHECK:-0}"\n' >all/check
chmod +x all/check
ends 0 all/.ci/run
prints '--report'
STAND_IN=1 ends 1 all/.ci/run
STAND_IN=3 ends 3 all/.ci/run
CHECK=8 ends 8 all/.ci/run
rm -r all/.git
STAND_IN=4 ends 0 all/.ci/run
prints 'nothing is compared'
