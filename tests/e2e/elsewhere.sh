#!/bin/sh
# ./reproduce on systems without apt-get: it names the packages as they are called there.
set -eu
home=$(cd "$(dirname "$0")/../.." && pwd)
. "$(dirname "$0")/lib.sh"

# Nothing but what the script itself needs.
mkdir bin
for tool in sh dirname cat awk; do
    ln -s "$(command -v $tool)" bin/$tool
done
cp "$home/reproduce" .

# on COMMAND: what is said where there is this package manager, and nothing else.
on() {
    rm -f bin/dnf bin/pacman bin/brew
    if [ -n "$1" ]; then
        echo '#!/bin/sh' >"bin/$1"
        chmod +x "bin/$1"
    fi
    status=0
    PATH=$PWD/bin BATCHLAB_DATA='' sh ./reproduce "$2" >out 2>err || status=$?
    [ $status -eq 1 ] || fail "exit status $status"
    grep -q '^reproduce: no apt-get here' err || fail 'no word of apt-get'
    grep -q 'libyaml-dev: reads experiments' out || fail 'no reason'
}

case=Fedora
on dnf --setup
prints '  dnf install gcc glibc-devel cmake make' 'Random123-devel' 'libcsv-devel'
if grep -q 'pacman\|brew' out; then fail 'other systems'; fi
case=Arch
on pacman --setup
prints '  pacman -S gcc glibc cmake' '  from the AUR: libcsv random123'
case=Homebrew
on brew --setup-checks
prints '  brew install gcc cmake' ' open-mpi' 'not packaged there (name of Debian): librandom123-dev'
case='nobody knows which system'
on '' --setup
prints 'Fedora:' 'Arch:' 'Homebrew:'

case='every package has its names'
sed -n 's/^    need \([a-z0-9.+-]*\) .*/\1/p' "$home/reproduce" | while read -r package; do
    grep -q "^$package [^ ]* [^ ]* [^ ]*$" "$home/reproduce" || fail "no names for $package"
done
[ "$(grep -c '^    need ' "$home/reproduce")" -gt 20 ] || fail 'no packages'

case='who has them says so'
sed '/^started=/,$d; s/^build release$/echo nothing is missing/' reproduce >part
PATH=$PWD/bin BATCHLAB_PACKAGES=installed sh ./part >out 2>err || fail 'ended'
prints 'nothing is missing'
