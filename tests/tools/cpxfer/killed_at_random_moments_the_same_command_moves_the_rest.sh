#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Either end is killed again and again while it moves a tree; the same command goes on, and at the end the
# trees are the same. CP_KILLS: how often, all together (60).
KILLS=$((${CP_KILLS:-60} / 5 + 1)) # before the harness forgets it
. "$CP_SOURCE/tests/tools/harness.sh"
. "$CP_SOURCE/tests/tools/cpxfer/moving.sh"
need openssl

plant_tree src
head -c 60000000 /dev/urandom >src/large
find src -type f -exec touch -d '1 hour ago' {} +
# A part of the files has changed just now, and is not to be trusted.
touch src/many/* src/d/inner/big
mkdir srv
killed=0 attempts=0

# kill_soon PID: within some hundredths of a second, or not at all when it was faster.
kill_soon() {
  sleep "0.0$((RANDOM % 7))$((RANDOM % 10))"
  kill -KILL "$1" 2>/dev/null || return 0
  killed=$((killed + 1))
}
# The command of this test: its last record is in record.json.
move() { cpxfer -q --anonymous --retry 0s --json "$FROM" "$TO" >record.json; }
# After as many kills as are wanted, lets it end, and compares.
end_and_compare() {
  local have
  [ $# -eq 1 ] || serve_at_port
  expect_status 0 move
  if [ $# -ne 1 ]; then
    stop_server server
  fi
  validate record.json
  expect_json '.state == "done" and .failed == [] and .bytes.moved + .bytes.skipped == .bytes.total' record.json
  attempts=$((attempts + $(jq .attempt record.json)))
  have=$(list "$1")
  expect_equal "$(list src)" "$have"
  expect_status 0 diff -r --no-dereference src "$1"
  expect_equal "" "$(left_behind "$1")"
  chmod -R u+rwX "$1"
  rm -rf "$1"
}
# Kills the command, that long.
kill_command() {
  local pid n
  for ((n = 0; n < KILLS; ++n)); do
    move 2>/dev/null &
    pid=$!
    # The shell that runs the function has one child.
    kill_soon "$(wait_child $pid)"
    ! wait $pid 2>/dev/null || end_and_compare "$1"
  done
}
wait_child() {
  local child=''
  for _ in {1..100}; do
    child=$(cat "/proc/$1/task/$1/children" 2>/dev/null) || return 0
    [ -z "$child" ] || break
    sleep 0.01
  done
  echo "${child%% *}"
}
# Kills the server at srv while the command runs.
kill_server() {
  local n pid port=0
  for ((n = 0; n < KILLS; ++n)); do
    serve_at_port
    move 2>/dev/null &
    pid=$!
    kill_soon "${SERVERS[server]}"
    wait "${SERVERS[server]}" 2>/dev/null || true
    unset "SERVERS[server]"
    ! wait $pid 2>/dev/null || end_and_compare "$1" with_a_server
  done
  serve_at_port
}
# The same URL each time: that is what makes it the same command.
serve_at_port() {
  start_server server cpxfer serve --anonymous --listen "127.0.0.1:$port" --root srv
  URL=$(wait_line server 'listening on cpx://')
  URL=${URL#*listening on } URL=${URL%%/ *}
  port=${URL##*:}
  FROM=${FROM/@URL/$URL} TO=${TO/@URL/$URL}
}

it "a local copy"
FROM=src/ TO=local
kill_command local
end_and_compare local

it "a push whose client is killed"
serve server srv
FROM=src/ TO=$URL/in
kill_command srv/in
end_and_compare srv/in

it "a pull whose client is killed"
cp -a src srv/src
FROM=$URL/src/ TO=pulled
kill_command pulled
end_and_compare pulled
stop_server server

it "a push whose server is killed"
FROM=src/ TO=@URL/in
kill_server srv/in
end_and_compare srv/in
stop_server server

it "a pull whose server is killed"
FROM=@URL/src/ TO=pulled
kill_server pulled
end_and_compare pulled
stop_server server
# 2 streams with 8 chunks on their way each, and what is taken in between two records of the journal.
it "sends again no more than a window and one group of the journal"
LOST=$((16 * 1048576 + 128 * 1048576))
mkdir huge
head -c 500000000 /dev/zero | openssl enc -aes-128-ctr -pass pass:x -nosalt -md sha256 >huge/file 2>/dev/null
touch -d '1 hour ago' huge/file
# What of the file has been written.
written() { find large -type f -size +1M -printf '%k\n' 2>/dev/null | awk '{ sum += $1 } END { print sum * 1024 }'; }
has_written() { [ "$(written)" -ge "$1" ]; }
floor=0
for goal in 200000000 380000000; do
  cpxfer -q --json --bwlimit 120MB/s huge/ large >record.json 2>/dev/null &
  pid=$!
  wait_until has_written $goal
  kill -KILL $pid
  ! wait $pid 2>/dev/null || fail "it ended before it was killed"
  floor=$(($(written) - LOST))
  [ $floor -gt 0 ] || fail "nothing was to be kept"
  killed=$((killed + 1))
done
expect_status 0 cpxfer -q --json huge/ large
expect_json ".state == \"done\" and .bytes.skipped >= $floor and .bytes.moved + .bytes.skipped == 500000000"
expect_status 0 cmp huge/file large/file
echo "$killed kills, $attempts attempts that went on"
