#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# --verify=readback where the disk is that of a host that ssh reaches, with the caller as one end and as neither.
. "$CP_SOURCE/tests/tools/harness.sh"
. "$CP_SOURCE/tests/tools/cpxfer/moving.sh"
. "$CP_SOURCE/tests/tools/cpxfer/ssh.sh"
. "$CP_SOURCE/tests/tools/cpxfer/third.sh"
. "$CP_SOURCE/tests/tools/cpxfer/bare.sh"
BAD=$CP_BUILD/tests/tools/bad_disk.so
[ -e "$BAD" ] || skip "the layer that changes what is written was not built"
[ -x /usr/bin/python3 ] || skip "there is no /usr/bin/python3"

# What begins with the needle is changed as it is written.
NEEDLE=needle-in-the-haystack
mkdir src
cp -a "$CP_SOURCE/tests/tools/cpxfer/." src/code
{ printf '%s' $NEEDLE; head -c 3000000 /dev/urandom; } >src/large
{ printf '%s' $NEEDLE; head -c 1000 /dev/urandom; } >src/little
cp -a src "$A/src"
start_both
spoil() { write_login_of "$1" "export LD_PRELOAD='$BAD' BAD_DISK=write:$NEEDLE TIMES=100"; }

# ways NAME: the words of a transfer to NAME at b, from here and from host to host
ways() { printf '%s\n' "src/ b:$1-pushed" "a:src/ b:$1-between"; }

it "reads back what arrived there, and finds it as it was sent"
while read -r source destination; do
  expect_status 0 cpxfer --verify readback "$source" "$destination"
  validate "$STDOUT"
  expect_json '.verify == "readback" and .state == "done" and .files.failed == 0'
  expect_status 0 diff -r src "$B/${destination#b:}"
done < <(ways good)
expect_status 0 cpxfer --verify readback a:src/ back
expect_status 0 diff -r src back

it "names what that disk changed, and gives it no name there"
spoil b
while read -r source destination; do
  expect_status 1 cpxfer --verify readback "$source" "$destination"
  validate "$STDOUT"
  expect_json '$all[-1] | .state == "partial" and .files.failed == 2 and (.failed | map(.code) | unique) == ["io"]'
  for name in large little; do
    expect_match "cannot move $destination/$name: what the disk gives back is not what was written\$" "$STDERR"
    [ ! -e "$B/${destination#b:}/$name" ] || fail "$name has its name"
  done
  expect_equal "$(cd src && find code | sort)" "$(cd "$B/${destination#b:}" && find code | sort)"
  expect_equal "" "$(left_behind "$B")"
done < <(ways bad)

it "would not have noticed otherwise"
expect_status 0 cpxfer --no-resume src/large b:alone
! cmp -s src/large "$B/alone" || fail "nothing was changed"

it "brings it when the same command is given once more, to a disk that is better"
write_login_of b
while read -r source destination; do
  expect_status 0 cpxfer --verify readback "$source" "$destination"
  expect_status 0 diff -r src "$B/${destination#b:}"
done < <(ways bad)

it "needs a cpxfer of its time where the files arrive, and says so"
mkdir bin
cat >bin/cpxfer <<'OLD'
#!/usr/bin/python3
import struct, sys
out, source = sys.stdout.buffer, sys.stdin.buffer
purpose = source.read(16)[12]
hello = b'{"cptools":"0.0.7","chunk_bytes":1048576,"format":5}'
out.write(b"cpxfer\r\n" + struct.pack("<HHB3x", 2, 0, purpose) + struct.pack("<IHHQ", len(hello), 1, 0, 0) + hello)
out.flush()
source.read()
OLD
chmod +x bin/cpxfer
far_path "$PWD/bin" /usr/bin /bin
write_login_of b
expect_status 69 cpxfer --verify readback src/ b:old
expect_match '^cpxfer: b: its cpxfer 0.0.7 is too old for --verify=readback$' "$STDERR"
expect_match 'install-remote brings this one' "$STDERR"
expect_status 69 cpxfer --verify readback a:src/ b:old
expect_match '^cpxfer: .*b: its cpxfer 0.0.7 is too old for --verify=readback' "$STDERR"
write_login_of a
expect_status 69 cpxfer --verify readback a:src/ b:old
expect_match '^cpxfer: a: its cpxfer 0.0.7 is too old for --verify=readback$' "$STDERR"
expect_status 69 cpxfer hash a:src
expect_match '^cpxfer: a: its cpxfer 0.0.7 is too old to sum and compare$' "$STDERR"
expect_match 'install-remote brings this one' "$STDERR"
bare_gnu
for host in a b; do write_login_of $host; done
expect_status 69 cpxfer --verify readback src/ b:old
expect_match '^cpxfer: b: there is no cpxfer there, and its shell cannot do --verify=readback$' "$STDERR"
[ ! -e "$B/old" ] || fail "something arrived"
