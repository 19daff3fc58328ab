#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# For each call that makes, writes, syncs, renames, removes or sends the run is repeated with SIGKILL at the
# n-th of them in any thread, n = 1, 2, …, until a run ends by itself; after each the same command ends what
# was begun. CP_CRASH_STEP: only every so many of them (9).
STEP=${CP_CRASH_STEP:-9} # before the harness forgets it
. "$CP_SOURCE/tests/tools/harness.sh"
. "$CP_SOURCE/tests/tools/cpxfer/moving.sh"
need strace
strace -o /dev/null -e inject=getpid:signal=KILL:when=1 true 2>/dev/null || [ $? -eq 137 ] || skip "strace cannot inject here"
unset CP_CPXFER_DURABILITY
calls=(openat mkdirat write pwrite64 ftruncate fchmod utimensat symlinkat fsync fdatasync syncfs rename renameat renameat2
  unlink unlinkat sendmsg sendto flock)

mkdir -p src/d/empty srv
head -c 3000001 /dev/urandom >src/large
head -c 400000 /dev/urandom >src/d/alone
seq 12 | split -l 1 -a 2 - src/d/f
ln -s f00 src/d/link
find src -type f -exec touch -d '1 hour ago' {} +
chmod 555 src/d/empty
total=$(find src -type f -printf '%s\n' | awk '{s += $1} END {print s}')
points=0 again=0

move() { cpxfer -q --anonymous --retry 0s --json "$FROM" "$TO"; }
# The same command ends what was begun at DIR, sends no more than all of it, and leaves nothing.
end_and_compare() {
  expect_status 0 move
  expect_json ".state == \"done\" and .bytes.moved + .bytes.skipped == $total"
  again=$((again + $(jq .bytes.moved "$STDOUT")))
  points=$((points + 1))
  expect_equal "$(list src)" "$(list "$1")" "after $call $n"
  diff -r --no-dereference src "$1" >&2 || fail "the trees differ after $call $n"
  expect_equal "" "$(left_behind "$1")" "after $call $n"
  chmod -R u+rwX "$1"
  rm -rf "$1"
}
# Kills the client at each point in turn: at DIR stands what it moves.
client_crashes() {
  for call in "${calls[@]}"; do
    for ((n = 1; n < 1000; n += STEP)); do
      ! strace -f -qq -o "$TESTDIR/trace" -e trace="$call" -e signal=none -e inject="$call:signal=KILL:when=$n" \
        cpxfer -q --anonymous --retry 0s --json "$FROM" "$TO" >record.json 2>/dev/null || break
      end_and_compare "$1"
    done
    clear_away "$1"
  done
}
clear_away() {
  rm -rf "${CP_STATE_DIR:?}"/transfers
  [ ! -e "$1" ] || { chmod -R u+rwX "$1" && rm -rf "$1"; }
}
port=0
# A traced process may outlive its tracer for a moment.
port_is_free() { ! grep -qi "0100007F:$(printf %04X "$port") 00000000:0000 0A" /proc/net/tcp; }
at_port() {
  [ "$port" -eq 0 ] || wait_until port_is_free
  start_server server cpxfer serve --anonymous --listen "127.0.0.1:$port" --root srv
  URL=$(wait_line server 'listening on cpx://')
  URL=${URL#*listening on } URL=${URL%%/ *}
  port=${URL##*:}
}
server_crashes() {
  local ended
  for call in "${calls[@]}"; do
    ended=0
    for ((n = 1; n < 1000 && !ended; n += STEP)); do
      wait_until port_is_free
      start_server server strace -f -qq -o "$TESTDIR/trace" -e trace="$call" -e signal=none \
        -e inject="$call:signal=KILL:when=$n" cpxfer serve --anonymous --listen "127.0.0.1:$port" --root srv
      wait_until eval "listens || ! kill -0 ${SERVERS[server]} 2>/dev/null"
      # A server that is killed before it listens is no crash point of a transfer.
      if listens && move >record.json 2>/dev/null; then ended=1; fi
      end_the_server
      at_port
      end_and_compare "$1"
      end_the_server
    done
    clear_away "$1"
  done
}
listens() { grep -qs 'listening on' "$TESTDIR/server.err"; }
# With the strace around it.
end_the_server() {
  local pid=${SERVERS[server]}
  pkill -KILL -P "$pid" 2>/dev/null || true
  kill -KILL "$pid" 2>/dev/null || true
  wait "$pid" 2>/dev/null || true
  unset "SERVERS[server]"
}

it "a local copy"
FROM=src/ TO=local
client_crashes local

at_port
it "a push whose client is killed"
FROM=src/ TO=$URL/in
client_crashes srv/in

it "a pull whose client is killed"
cp -a src srv/src
FROM=$URL/src/ TO=pulled
client_crashes pulled
end_the_server

it "a push whose server is killed"
FROM=src/ TO=$URL/in
server_crashes srv/in

it "a pull whose server is killed"
FROM=$URL/src/ TO=pulled
server_crashes pulled
echo "$points crash points, $again bytes sent after them, of $total each"
