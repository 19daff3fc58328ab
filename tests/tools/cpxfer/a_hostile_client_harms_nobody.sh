#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
. "$CP_SOURCE/tests/tools/harness.sh"
. "$CP_SOURCE/tests/tools/cpxfer/moving.sh"
need python3

mkdir srv outside
echo secret >outside/secret
ln -s ../outside srv/out
ln -s ../outside/secret srv/leak
serve server srv -v --timeout 5s
# The size of a directory is the file system's own affair.
listing() { find . -name in -prune -o -printf '%p %y %s %l\n' | sed -E 's/^(.* d) [0-9]+ /\1 /' | sort; }
before=$(listing)
# says WHAT ERE: the server's last words to a client that does that.
says() {
  expect_status 0 python3 "$PEER" say "${URL##*:}" "$1"
  expect_match "$2"
}
unharmed() { expect_equal "$before" "$(listing)" "the files"; }

it "ends a connection that is none, and answers with its own greeting"
says garbage '^ended$'
says http '^ended$'
says version '^answered with version 2$'
says purpose '^answered$'
says token '^ended$'
says proof '^not answered$'
wait_line server 'the other end is no cpxfer$' >"$TESTDIR/line"
wait_line server 'the other end speaks version 255, and this one version 2$' >"$TESTDIR/line"
wait_line server 'a stream without a valid token$' >"$TESTDIR/line"
unharmed

it "refuses lengths and wishes beyond its limits"
says length '^a message of 4294967295 bytes$'
says json '^no JSON object where one belongs$'
says streams '^the field streams is missing or wrong$'
says huge '.'
says chunk '^no chunk where one belongs$'
unharmed

it "refuses destinations that lead out of its root"
for what in destination-up destination-nul destination-ours; do
  says $what '(leads out of its root|holds a NUL byte|reserved)'
done
unharmed

it "refuses paths that lead out of the destination, in whatever form"
for what in up absolute nul midway ours dot long none; do
  says $what '^the peer sent the path '
done
says link '^l: the link leads out of the destination$'
expect_match '^m: the link leads out of the destination$'
expect_match '^done$'
unharmed
expect_equal "" "$(find srv/in -mindepth 1)"
says through '^l/x: a symbolic link stands in the way$'
expect_equal "srv/in/l" "$(find srv/in -mindepth 1)"

it "follows no link, neither out of its root nor within"
expect_status 77 cpxfer --anonymous "$URL/out/secret" got
expect_status 77 cpxfer --anonymous "$URL/out/" got
expect_status 77 cpxfer --anonymous outside/secret "$URL/out/"
expect_match 'a symbolic link stands in the way$' "$STDERR"
expect_status 77 cpxfer --anonymous "$URL/leak" got/
expect_match '^cpxfer: cannot move got/leak: the link leads out of the destination$' "$STDERR"
expect_equal "" "$(ls -A got)"
rmdir got
expect_status 77 cpxfer --anonymous "$URL/../outside/secret" got
expect_status 77 cpxfer --anonymous "$URL/%2e%2e/outside/secret" got
unharmed

it "replaces a link at the place of a file, and does not write through it"
echo new >leak
expect_status 0 cpxfer --anonymous leak "$URL/"
expect_equal new "$(cat srv/leak)"
expect_equal secret "$(cat outside/secret)"
rm leak srv/leak

it "gives up clients that connect and say nothing, or one byte at a time, and serves others meanwhile"
start_server mute python3 "$PEER" say "${URL##*:}" nothing
start_server slow python3 "$PEER" say "${URL##*:}" slowly
start_server streamless python3 "$PEER" say "${URL##*:}" no-streams
expect_status 0 cpxfer --anonymous outside/ "$URL/in"
expect_equal secret "$(cat srv/in/secret)"
ended() { ! kill -0 "${SERVERS[$1]}" 2>/dev/null; }
for name in mute slow streamless; do
  wait_until ended $name
  wait "${SERVERS[$name]}"
  unset "SERVERS[$name]"
done
expect_match '^(ended|the peer is silent)$' "$TESTDIR/mute.out"
expect_match '^(ended|the peer is silent)$' "$TESTDIR/slow.out"
expect_match '^the other end did not open its streams$' "$TESTDIR/streamless.out"

it "takes no more transfers at a time than it was told"
serve narrow srv --sessions 1
start_server first python3 "$PEER" say "${URL##*:}" no-streams
wait_line first '^holds$' >"$TESTDIR/line"
expect_status 75 cpxfer --anonymous outside/ "$URL/in"
expect_stderr "cpxfer: $URL: the server is busy; try again later"

it "stops at once, whatever hangs on it"
start_server second python3 "$PEER" say "${URL##*:}" nothing
stop_server narrow
expect_equal 0 "$STATUS"
