#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# One transfer over rails of several kinds at once, and what happens when those of one kind break, or
# are not there in the first place.
. "$CP_SOURCE/tests/tools/harness.sh"
. "$CP_SOURCE/tests/tools/cpxfer/moving.sh"
need jq
ldconfig -p | grep 'libfabric.so.1' >"$TESTDIR/library" || skip "libfabric is not installed"

plant_tree src
# Long enough for a fabric to be loaded and to carry much of it.
mkdir big srv
head -c 250000000 /dev/urandom >big/large
export CP_CPXFER_BWLIMIT=60MB/s
serve server srv
PORT=${URL##*:}
# Every kind carried something, all of them together what travelled, and all of them to the end.
WHOLE='.state == "done" and .failed == [] and .connections == 1 and ([.rails[].bytes] | add) == .bytes.wire'
ALL="$WHOLE and all(.rails[]; .bytes > 0 and .streams == 2 and .error == null)"

for fabric in tcp 'tcp;ofi_rxm' shm; do
  it "moves a file there and back over TCP and fabric:$fabric at once"
  expect_status 0 cpxfer --anonymous --rail "fabric:$fabric,tcp" big/ "$URL/both"
  validate "$STDOUT"
  expect_json "$ALL and [.rails[].kind] == [\"tcp\", \"fabric\"] and .rails[1].provider == \"$fabric\""
  expect_equal "" "$(cat "$STDERR")"
  expect_status 0 cmp big/large srv/both/large
  expect_status 0 cpxfer --anonymous --rail "tcp,fabric:$fabric" "$URL/both/" back
  expect_json "$ALL and .rails[1].provider == \"$fabric\""
  expect_status 0 cmp big/large back/large
  rm -rf srv/both back
done

it "begins at once with what is there: a small tree does not wait for a fabric"
expect_status 0 cpxfer --anonymous --rail fabric,tcp src/ "$URL/small"
expect_json "$WHOLE and .rails[0].bytes > 0"
expect_equal "$(list src)" "$(list srv/small)"
expect_status 0 diff -r --no-dereference src srv/small

# cut_one DIRECTION FABRIC WHICH: moves big, and cuts WHICH of the client's connections meanwhile.
cut_one() {
  local from=big/ to=$URL/cut at=srv/cut
  rm -rf srv/cut here
  if [ "$1" = pull ]; then
    cp -r big srv/cut
    from=$URL/cut/ to=here at=here
  fi
  start_server client cpxfer --anonymous --retry 0s --json --rail "fabric:$2,tcp" "$from" "$to"
  STATUS=0
  /usr/bin/python3 "$CP_SOURCE/tests/tools/cpxfer/cut.py" "${SERVERS[client]}" "$3" "$PORT" || STATUS=$?
  [ $STATUS -ne 3 ] || skip "the kernel lets nobody into the sockets of another process"
  [ $STATUS -eq 0 ] || fail "nothing was there to be cut: $(cat "$TESTDIR/client.err")"
  has_ended() { ! kill -0 "${SERVERS[client]}" 2>/dev/null; }
  for _ in 1 2 3; do has_ended || wait_within_10s; done
  wait_until has_ended
  stop_server client
  tail -n 1 "$TESTDIR/client.out" >"$STDOUT"
  [ "$STATUS" -eq 0 ] || fail "ended with $STATUS: $(cat "$TESTDIR/client.err")"
  expect_status 0 cmp big/large "$at/large"
  tail -n 1 "$TESTDIR/client.out" >"$STDOUT"
  validate "$STDOUT"
}
wait_within_10s() { for _ in {1..200}; do ! has_ended || return 0; sleep 0.05; done; }
for direction in push pull; do
  for fabric in tcp 'tcp;ofi_rxm' shm; do
    which=beside
    [ $fabric != shm ] || which=memory
    it "goes on over TCP when fabric:$fabric breaks in the middle of a $direction, and says so"
    cut_one $direction "$fabric" $which
    expect_json "$WHOLE and .rails[0].streams == 2 and .rails[0].error == null"
    expect_json '.rails[1] | .streams == 0 and .bytes > 0 and .error.code == "timed_out"'
    expect_match "^cpxfer: the rail fabric:$fabric does not carry: .*; going on without it" "$TESTDIR/client.err"
  done
  it "goes on over a fabric when every TCP stream breaks in the middle of a $direction"
  cut_one $direction tcp streams
  expect_json "$WHOLE and .rails[1].streams == 2 and .rails[1].error == null and .rails[1].bytes > 0"
  expect_json '.rails[0] | .streams == 0 and .bytes > 0 and .error.code == "timed_out"'
  expect_match '^cpxfer: the rail tcp does not carry: .*; going on without it' "$TESTDIR/client.err"
done

it "goes on without a fabric that cannot be set up, and says why"
expect_status 0 cpxfer --anonymous --rail 'fabric:udp;nothing,tcp' big/ "$URL/without"
validate "$STDOUT"
expect_json "$WHOLE and .rails[0].streams == 2 and .rails[1].streams == 0 and .rails[1].bytes == 0"
expect_json '.rails[1].error.code == "unavailable" and (.rails[1].error.message | test("no provider .udp;nothing"))'
expect_match "^cpxfer: the rail fabric:udp;nothing does not carry: libfabric has no provider 'udp;nothing' .*; going on without it" "$STDERR"
expect_status 0 cmp big/large srv/without/large
unset CP_CPXFER_BWLIMIT

it "says which lists make no sense"
for rail in tcp,tcp auto,tcp "tcp," ",tcp" fabric,fabric:shm nothing,tcp fabric:shm,fabric:shm; do
  expect_status 64 cpxfer --anonymous --rail "$rail" src/ "$URL/wrong"
done
expect_status 64 cpxfer --anonymous --rail tcp,ssh src/ "$URL/wrong"
expect_match 'not reached through ssh' "$STDERR"
expect_status 64 cpxfer bench --anonymous --rail fabric,tcp "$URL"
expect_match 'each kind of rail is measured alone' "$STDERR"
stop_server server
expect_equal 0 "$STATUS"
