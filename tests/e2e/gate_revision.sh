#!/bin/sh
# A revision as the base: built outside the tree, measured, removed; also when it cannot be built.
set -eu
. "$(dirname "$0")/lib.sh"
command -v git >/dev/null || skip 'no git'
command -v cmake >/dev/null || skip 'no cmake'

# The caller's surroundings must not decide, nor the repository that this folder may lie in.
GIT_CEILING_DIRECTORIES=$(dirname "$scratch")
GIT_CONFIG_GLOBAL=/dev/null
GIT_CONFIG_SYSTEM=/dev/null
export GIT_CEILING_DIRECTORIES GIT_CONFIG_GLOBAL GIT_CONFIG_SYSTEM
unset GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE
mkdir temporary repository
TMPDIR=$scratch/temporary
export TMPDIR

cat >tiny.yaml <<'END_OF_FILE'
measure: throughput
dataset: {name: blobs, examples: 300, features: 4, classes: 3, validation: 50}
grid: {engine: naive, network: S, batch_size: 8}
END_OF_FILE
tiny="$scratch/tiny.yaml --no-check --no-counts --no-chart --rounds 6 --turns 2 --slice 0.001 --margin 1 --output $scratch/results"

if git worktree list >out 2>err; then fail 'the scratch folder is in a repository'; fi
case='outside of a repository'
# shellcheck disable=SC2086
ends_with 1 gate --base git:main $tiny
complains 'expected to be run inside a git repository'

# A project whose build is a script: build.sh makes the program $1.
cd repository
cat >CMakeLists.txt <<'END_OF_FILE'
cmake_minimum_required(VERSION 3.20)
project(tiny LANGUAGES NONE)
add_custom_target(program ALL COMMAND sh ${CMAKE_SOURCE_DIR}/build.sh ${CMAKE_BINARY_DIR}/bin/batchlab)
END_OF_FILE
cat >CMakePresets.json <<'END_OF_FILE'
{"version": 3,
 "configurePresets": [{"name": "release", "generator": "Unix Makefiles", "binaryDir": "${sourceDir}/build/release"}],
 "buildPresets": [{"name": "release", "configurePreset": "release"}]}
END_OF_FILE

# commits TAG LINES: what the build does from then on.
commits() {
    printf '%s\n' "$2" >build.sh
    git add -A
    git -c user.name=nobody -c user.email=nobody@example.org commit --quiet --message "$1"
    git tag "$1"
}

nothing_is_left() {
    [ -z "$(ls -A "$TMPDIR")" ] || fail "left in $TMPDIR: $(ls -A "$TMPDIR")"
    [ "$(git worktree list | wc -l)" -eq 1 ] || fail "left: $(git worktree list)"
    changed=$(git status --porcelain --ignored | grep -v -x -e '?? out' -e '?? err' || :)
    [ -z "$changed" ] || fail "changed: $changed"
}

git init --quiet .
wrapper="mkdir -p \"\$(dirname \"\$1\")\"
printf '#!/bin/sh\nexec \"$batchlab\" \"\$@\"\n' >\"\$1\"
chmod +x \"\$1\""
commits good "$wrapper"
commits broken 'echo compiling; echo engines.c:7: no such thing; exit 1'
commits empty ':'
commits endless "echo \$\$ >$scratch/building; sleep 1000"

case='a revision that builds'
# shellcheck disable=SC2086
ends_with 0 gate --base git:good $tiny
prints 'base: git:good' 'naive/S/k=8'
nothing_is_left

case='one that does not build'
# shellcheck disable=SC2086
ends_with 1 gate --base git:broken $tiny
complains 'does not build' 'engines.c:7: no such thing'
nothing_is_left

case='one that builds something else'
# shellcheck disable=SC2086
ends_with 1 gate --base git:empty $tiny
complains 'its build has no bin/batchlab'
nothing_is_left

case='one that is not there'
# shellcheck disable=SC2086
ends_with 1 gate --base git:nosuch $tiny
complains 'git:nosuch: no such commit'
# shellcheck disable=SC2086
ends_with 1 gate --base git: $tiny
# shellcheck disable=SC2086
ends_with 1 gate --base git:--help $tiny
# shellcheck disable=SC2086
ends_with 1 gate --base git:good --preset nosuch $tiny
complains 'does not configure'
nothing_is_left

case='from a folder below, both sides'
mkdir below
(
    cd below
    # shellcheck disable=SC2086
    ends_with 0 gate --base git:good --head git:good $tiny
)
rm -r below
nothing_is_left

for whom in - ''; do
    case="Ctrl-C while it is built (kill $whom)"
    rm -f "$scratch/building"
    # shellcheck disable=SC2086
    starts gate --base git:endless $tiny
    tries=100
    until [ -s "$scratch/building" ]; do
        tries=$((tries - 1))
        [ "$tries" -gt 0 ] || fail 'no build was begun in 10 s'
        sleep 0.1
    done
    leader=$process
    kill -INT "$whom$leader"
    is_gone_soon "$leader"
    ended_with 130
    rm -f out err
    if is_alive "$(cat "$scratch/building")"; then fail 'the build goes on'; fi
    nothing_is_left
done
