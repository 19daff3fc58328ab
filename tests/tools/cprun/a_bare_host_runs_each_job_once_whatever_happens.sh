#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# CP_KILLS: how often each is killed (20).
KILLS=${CP_KILLS:-20} # before the harness forgets it
. "$CP_SOURCE/tests/tools/harness.sh"
. "$CP_SOURCE/tests/tools/cpxfer/ssh.sh"
export EFFECTS="$PWD/effects.log"
: >"$EFFECTS"
far_path /usr/bin /bin
start_sshd far 'MaxSessions 64' 'MaxStartups 64'
submit=(cprun submit -q --no-agent --on ssh://far --env EFFECTS="$EFFECTS")
run=(sh -c 'echo "$CP_JOB_ID" >>"$EFFECTS"')

# Every job of the store was run, once; nothing else was.
check() {
  timeout 200 cprun wait >/dev/null || true
  cprun list --json | jq -r .id | sort >known
  expect_equal '' "$(cprun list --json | jq -r 'select(.state != "COMPLETED")')" "not completed"
  expect_equal "$(cat known)" "$(sort "$EFFECTS")" "asked for, and run"
  echo "$(wc -l <known) jobs in the store, all ran once"
}

it "is submitted, runs and says so"
expect_status 0 "${submit[@]}" -- "${run[@]}"
validate "$STDOUT"
check

it "holds when the command is killed at random moments"
for ((i = 0; i < KILLS; ++i)); do
  "${submit[@]}" -- "${run[@]}" >/dev/null 2>&1 &
  pid=$!
  sleep "0.$((RANDOM % 7))$((RANDOM % 10))"
  kill -9 $pid 2>/dev/null || true
  wait $pid 2>/dev/null || true
done
check

it "holds when the command, or what it has started here, is killed at each of its steps"
if command -v strace >/dev/null; then
  calls=write,fsync,rename,openat,mkdir,execve,unlink,sendto,connect
  for ((n = 1; n < 100; n += 5)); do
    strace -f -qq -o trace -e trace=$calls -e signal=none -e inject=$calls:signal=KILL:when="$n" \
      "${submit[@]}" -- "${run[@]}" >/dev/null 2>&1 || true
  done 2>/dev/null
  check
else
  echo "left out: strace is not installed"
fi

it "holds when the connection is cut at random moments"
cut_connections() { for one in $(running 'sshd: [^ ]+($|@| )|^ssh: .*\[mux\]'); do kill -9 "$one" 2>/dev/null || true; done; }
for ((i = 0; i < KILLS / 2; ++i)); do
  timeout 100 "${submit[@]}" -- "${run[@]}" >/dev/null 2>&1 &
  pid=$!
  sleep "0.$((RANDOM % 4))$((RANDOM % 10))"
  cut_connections
  wait $pid 2>/dev/null || true
done
check

it "holds when the job's shell is killed before it has begun, and when it comes late"
mkdir "$FAR/bin"
printf '%s\n' '#!/bin/sh' 'sleep 3' 'exec /usr/bin/od "$@"' >"$FAR/bin/od"
chmod +x "$FAR/bin/od"
far_path "$FAR/bin" /usr/bin /bin
shells() { running '/script .* run$'; }
there_is_one() { [ -n "$(shells)" ]; }
for kills in all command shell; do
  "${submit[@]}" -- "${run[@]}" >/dev/null 2>&1 &
  pid=$!
  wait_until there_is_one
  [ $kills = command ] || for one in $(shells); do kill -9 "$one" 2>/dev/null || true; done
  [ $kills = shell ] || kill -9 $pid 2>/dev/null || true
  wait $pid 2>/dev/null || true
done
check

it "says why when no shell can begin there"
printf '%s\n' '#!/bin/sh' 'echo "setsid is broken" >&2' >"$FAR/bin/setsid"
chmod +x "$FAR/bin/setsid"
expect_status 125 cprun run -q --no-agent --on ssh://far -- true
expect_match 'its shell cannot begin: setsid is broken' "$STDERR"
