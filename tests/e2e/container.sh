#!/bin/sh
# In a clean root of Debian 12: the package is installed as a user would and works from /usr; then every step of the
# Containerfile. Downloads some 300 MB and builds everything: minutes.
#   container.sh BATCHLAB FAULTY_ENGINES BUILD_FOLDER
# BATCHLAB_CLEAN_ROOT names a folder that debootstrap has filled, to save the download.
set -eu
home=$(cd "$(dirname "$0")/../.." && pwd)
. "$(dirname "$0")/lib.sh"
build=$3
mirror=http://deb.debian.org/debian
[ "$(id -u)" -eq 0 ] || skip 'not root, as chroot needs'
command -v debootstrap >/dev/null || skip 'no debootstrap'
command -v cpack >/dev/null && command -v dpkg-shlibdeps >/dev/null || skip 'no cpack or dpkg-shlibdeps'

# Whatever happens, nothing stays mounted below what is removed.
root=
leave_root() {
    status=$?
    for mounted in deb/proc image/proc; do
        if mountpoint -q $mounted; then umount $mounted || umount -l $mounted || :; fi
    done
    leave $status
}
trap leave_root EXIT

# clean_root NAME
clean_root() {
    root=$PWD/$1
    cp -a pristine "$root"
    cp /etc/resolv.conf "$root/etc/resolv.conf"
    mount -t proc proc "$root/proc" 2>err || skip "cannot mount /proc: $(cat err)"
}

# inside COMMAND: in the root, with nothing of the caller's surroundings.
inside() {
    env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root DEBIAN_FRONTEND=noninteractive \
        chroot "$root" /bin/sh -c "$1" >out 2>err </dev/null || fail "in the clean root: $1"
}

case='a clean root'
if [ -n "${BATCHLAB_CLEAN_ROOT:-}" ]; then
    cp -a "$BATCHLAB_CLEAN_ROOT" pristine
else
    debootstrap --variant=minbase bookworm pristine $mirror >out 2>err ||
        skip "debootstrap has no Debian to load: $(tail -n 1 out)"
fi

case='the package, installed as a user would'
cpack --config "$build/CPackConfig.cmake" -G DEB -B . >out 2>err || fail cpack
clean_root deb
cp batchlab_*.deb deb/root/batchlab.deb
inside 'apt-get update && apt-get install -y /root/batchlab.deb'
inside 'batchlab --version && batchlab list engines'
prints naive native onednn blas
inside 'cd /root && { batchlab doctor || [ $? -eq 1 ]; }'
for subject in gnuplot blas data; do # what is recommended is there
    grep -q "^ok *$subject " out || fail "doctor does not say that $subject is well"
done
cat >deb/root/own.yaml <<'END'
question: Does it work from /usr?
dataset: {name: blobs, examples: 300, features: 4, classes: 3, validation: 50, test: 50}
grid: {engine: [native, blas], network: M, batch_size: [10, full], seed: [1, 2]}
budget: {epochs: 3}
charts: [loss]
END
inside 'cd /root && batchlab check --engine native && batchlab run own.yaml && batchlab report results/own'
[ -s deb/root/results/own/figures/loss.svg ] || fail 'no chart'
[ -s deb/root/report/own.html ] || fail 'no page'
inside 'cd /root && timeout 300 batchlab run --quick /usr/share/batchlab/experiments/batch-size.yaml --no-charts'
prints 'Best here'
inside 'apt-get remove -y batchlab && ! [ -e /usr/bin/batchlab ] && ! [ -e /usr/share/batchlab ]'
umount deb/proc
rm -rf deb

case='the steps of the Containerfile'
clean_root image
folder=/
steps=0
while read -r word rest; do
    case $word in
    FROM) [ "$rest" = docker.io/library/debian:12 ] || fail "FROM $rest, expected Debian 12" ;;
    COPY)
        [ "$rest" = '. /src' ] || fail "COPY $rest, expected all of it"
        mkdir image/src
        (cd "$home" && git ls-files -z | tar --null --no-recursion -T - -cf -) | tar -xf - -C image/src
        ;;
    WORKDIR)
        folder=$rest
        mkdir -p "image$folder"
        ;;
    RUN)
        inside "cd $folder && $rest"
        steps=$((steps + 1))
        ;;
    esac
done <"$home/Containerfile"
[ $steps -ge 4 ] || fail "$steps steps"
case='and what it starts'
entry=$(sed -n 's/^ENTRYPOINT \["\(.*\)"\]$/\1/p' "$home/Containerfile")
inside "cd $folder && { $entry $(sed -n 's/^CMD \["\(.*\)"\]$/\1/p' "$home/Containerfile") || [ \$? -eq 1 ]; }"
grep -q '^ok *native' out || fail 'doctor is not well'
cp "$home/experiments/gradient-check.yaml" image/work
inside "cd $folder && batchlab run --quick gradient-check.yaml --no-charts"
