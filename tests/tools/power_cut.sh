# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# A small virtual machine whose power can be cut. Sourced after the harness.
#
#   machine PROGRAM…           what is in it: busybox, the PROGRAMs and the libraries they link or open
#   new_disk DIRECTORY         it gets an ext4 disk that holds what DIRECTORY does, at /disk;
#                              CP_STATE_DIR is /disk/state there
#   MACHINE_DOES=(FUNCTION…)   the functions of the test that it knows; its shell is busybox's
#   power_on SCRIPT            boots it with SCRIPT as what it does, in /work; what it prints is in the
#                              file "console"
#   acknowledged N             until it has printed N lines "ack ITEM", within 300 s
#   cut_power                  ends it at once, in the middle of whatever it does; what its kernel had
#                              not been told to sync is lost
#
# The kernel is Debian's for clouds, which `./bootstrap packages --peers` lays in build/vm.
# Not everybody has these in their PATH.
export PATH="$PATH:/usr/sbin:/sbin"
need qemu-system-x86_64 busybox cpio modprobe depmod mke2fs dpkg-deb ldconfig
KERNEL_PACKAGE=''
for file in "$CP_SOURCE"/build/vm/linux-image-*.deb; do
  [ ! -e "$file" ] || KERNEL_PACKAGE=$file
done
[ -n "$KERNEL_PACKAGE" ] || skip 'there is no kernel in build/vm; ./bootstrap packages --peers gets it'
busybox --list | grep -x switch_root >/dev/null || skip 'busybox is not the whole one (busybox-static)'

MACHINE_ROOT=$TESTDIR/machine
# What cptools opens by name when it needs it, and what the C library does.
OPENED_LIBRARIES='libcurl.so.4 libmicrohttpd.so.12 libnss_files.so.2'

in_library_path() { ldconfig -p | awk -v name="$1" '$1 == name && !seen++ { print $NF }'; }
with_libraries() { # FILE…
  local file
  for file; do
    # A program that is linked statically has none.
    { ldd "$file" 2>/dev/null || true; } | awk '{ for (i = 1; i <= NF; i++) if ($i ~ /^\//) print $i }'
  done
  printf '%s\n' "$@"
}
machine() {
  local program file files=() name release
  mkdir -p "$MACHINE_ROOT"/{bin,dev,proc,sys,tmp,disk,work,modules}
  dpkg-deb -x "$KERNEL_PACKAGE" "$TESTDIR/kernel"
  release=$(ls "$TESTDIR/kernel/lib/modules")
  depmod -b "$TESTDIR/kernel" "$release"
  # In the order in which they are to be loaded.
  for name in virtio_pci virtio_blk virtio_console; do
    modprobe -d "$TESTDIR/kernel" -S "$release" --show-depends "$name"
  done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }' | while read -r file; do
    cp "$file" "$MACHINE_ROOT/modules"
    echo "insmod /modules/${file##*/}" >>"$MACHINE_ROOT/load"
  done
  for program in busybox "$@"; do
    files+=("$(readlink -f "$(command -v "$program" || fail "$program is not there")")")
  done
  for name in $OPENED_LIBRARIES libeatmydata.so; do
    program=$(in_library_path "$name")
    [ -z "$program" ] || files+=("$program")
  done
  for name in $(busybox --list); do
    ln -s busybox "$MACHINE_ROOT/bin/$name"
  done
  with_libraries "${files[@]}" | sort -u | while read -r file; do
    case $file in
      *.so*) mkdir -p "$MACHINE_ROOT$(dirname "$file")" && cp -L "$file" "$MACHINE_ROOT$file" ;;
      *) cp --remove-destination "$file" "$MACHINE_ROOT/bin" ;;
    esac
  done
  cat >"$MACHINE_ROOT/init" <<'INIT'
#!/bin/sh
export PATH=/bin HOME=/disk/home CP_STATE_DIR=/disk/state XDG_CACHE_HOME=/disk/cache TZ=UTC LC_ALL=C.UTF-8
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev; mount -t tmpfs tmp /tmp
ifconfig lo 127.0.0.1 up
. /load
read -r line </proc/cmdline
now=${line##*now=}; date -s "@${now%% *}" >/dev/null
console=/dev/$(basename /sys/class/virtio-ports/*)
# Whose it is already keeps its time of change.
mount -t ext4 /dev/vda /disk && find /disk ! -user 0 -exec chown -h 0:0 {} + || echo 'no disk' >"$console"
mkdir -p /disk/home
cd /work
sh ./scenario >"$console" 2>&1
echo "end $?" >"$console"
poweroff -f
INIT
  chmod +x "$MACHINE_ROOT/init"
}
new_disk() {
  rm -f "$TESTDIR/disk"
  truncate -s 256M "$TESTDIR/disk"
  mke2fs -q -t ext4 -d "$1" -F "$TESTDIR/disk"
}

power_on() {
  local script=$1
  { declare -f "${MACHINE_DOES[@]}"; echo "$script"; } >"$MACHINE_ROOT/work/scenario"
  (cd "$MACHINE_ROOT" && find . | cpio -o -H newc --quiet) >"$TESTDIR/initrd"
  : >console
  # The disk's cache is the host's, which outlives the machine: what is looked for is a sync that
  # never came, not one that the disk broke. Without KVM, which hangs where it is nested badly.
  start_server machine qemu-system-x86_64 -machine q35,usb=off,smbus=off,sata=off,graphics=off \
    -accel tcg,tb-size=256 -cpu max,la57=off -smp 1 -m 512 -nodefaults -no-user-config -display none -no-reboot \
    -kernel "$TESTDIR"/kernel/boot/vmlinuz-* -initrd "$TESTDIR/initrd" -rtc base=utc \
    -append "console=ttyS0 quiet panic=-1 mitigations=off nokaslr nowatchdog audit=0 random.trust_cpu=on now=$(date +%s)" \
    -serial "file:$TESTDIR/machine.serial" \
    -drive "file=$TESTDIR/disk,format=raw,if=none,id=disk,cache=writeback" \
    -device virtio-blk-pci,drive=disk -device virtio-serial-pci \
    -chardev "file,id=out,path=$PWD/console" -device virtserialport,chardev=out,name=out
}
machine_is_on() { kill -0 "${SERVERS[machine]}" 2>/dev/null; }
machine_failed() { fail "$1: $(tail -n 5 console "$TESTDIR/machine.serial" "$TESTDIR/machine.err" 2>&1)"; }
acknowledged() {
  local _
  for _ in {1..6000}; do
    [ "$(grep -c '^ack ' console)" -lt "$1" ] || return 0
    machine_is_on || machine_failed 'the machine ended'
    sleep 0.05
  done
  machine_failed "not within 300 s: $1 acknowledgements"
}
# The braces take the shell's own word on the kill.
cut_power() { { stop_server machine KILL; } 2>/dev/null; }
