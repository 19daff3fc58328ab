#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The rails of ssh are always there: what goes beside them may break, or find no way.
. "$CP_SOURCE/tests/tools/harness.sh"
. "$CP_SOURCE/tests/tools/cpxfer/moving.sh"
. "$CP_SOURCE/tests/tools/cpxfer/ssh.sh"
need jq

start_sshd far
mkdir big
head -c 200000000 /dev/urandom >big/large
export CP_CPXFER_BWLIMIT=50MB/s
WHOLE='.state == "done" and .failed == [] and .connections == 1 and ([.rails[].bytes] | add) == .bytes.wire'

it "moves a file there and back over ssh and TCP at once, all of it encrypted where that is wanted"
for encrypt in '' --encrypt; do
  expect_status 0 cpxfer --rail tcp,ssh ${encrypt:+"$encrypt"} big/ far:both
  validate "$STDOUT"
  expect_json "$WHOLE and [.rails[].kind] == [\"ssh\", \"tcp\"] and all(.rails[]; .bytes > 0 and .error == null)"
  expect_json ".encrypted == $([ -n "$encrypt" ] && echo true || echo false)"
  expect_status 0 cmp big/large "$FAR/both/large"
  expect_status 0 cpxfer --rail ssh,tcp ${encrypt:+"$encrypt"} far:both/ back
  expect_json "$WHOLE and all(.rails[]; .bytes > 0 and .error == null)"
  expect_status 0 cmp big/large back/large
  rm -rf "$FAR/both" back
done

for direction in push pull; do
  it "goes on over ssh when every TCP stream breaks in the middle of a $direction, and says so"
  rm -rf "$FAR/cut" here
  from=big/ to=far:cut at=$FAR/cut
  if [ $direction = pull ]; then
    cp -r big "$FAR/cut"
    from=far:cut/ to=here at=here
  fi
  start_server client cpxfer --retry 0s --json --rail tcp,ssh "$from" "$to"
  # To no port of that number: whatever this process itself has connected goes beside ssh.
  STATUS=0
  /usr/bin/python3 "$CP_SOURCE/tests/tools/cpxfer/cut.py" "${SERVERS[client]}" beside 0 || STATUS=$?
  [ $STATUS -ne 3 ] || skip "the kernel lets nobody into the sockets of another process"
  [ $STATUS -eq 0 ] || fail "nothing was there to be cut: $(cat "$TESTDIR/client.err")"
  for _ in {1..600}; do kill -0 "${SERVERS[client]}" 2>/dev/null || break; sleep 0.05; done
  stop_server client
  [ "$STATUS" -eq 0 ] || fail "ended with $STATUS: $(cat "$TESTDIR/client.err")"
  expect_status 0 cmp big/large "$at/large"
  tail -n 1 "$TESTDIR/client.out" >"$STDOUT"
  validate "$STDOUT"
  expect_json "$WHOLE and .rails[0].streams == 2 and .rails[0].error == null"
  expect_json '.rails[1] | .kind == "tcp" and .streams == 0 and .bytes > 0 and .error.code == "timed_out"'
  expect_match '^cpxfer: the rail tcp does not carry: .*; going on without it' "$TESTDIR/client.err"
done

it "has a fabric beside ssh, too"
if ldconfig -p | grep 'libfabric.so.1' >"$TESTDIR/library"; then
  for fabric in tcp shm; do
    expect_status 0 cpxfer --rail "fabric:$fabric,ssh" big/ "far:$fabric"
    expect_json "$WHOLE and .rails[1].provider == \"$fabric\" and all(.rails[]; .bytes > 0 and .error == null)"
    expect_status 0 cmp big/large "$FAR/$fabric/large"
  done
  expect_status 0 cpxfer --encrypt --rail fabric:tcp,ssh far:tcp/ fabric
  expect_json "$WHOLE and .encrypted and all(.rails[]; .bytes > 0 and .error == null)"
  expect_status 0 cmp big/large fabric/large
  expect_status 0 cpxfer --rail 'fabric:tcp;ofi_rxm,ssh' big/ far:rxm
  expect_json "$WHOLE and .rails[1].streams == 0 and (.rails[1].error.message | test(\"which ssh has no port for\"))"
fi

it "does not begin with a fabric alone, nor with several rails between two far ends"
expect_status 69 cpxfer --rail fabric big/ far:alone
expect_match '--rail fabric,ssh' "$STDERR"
expect_status 64 cpxfer --rail tcp,ssh far:both/ far:third
