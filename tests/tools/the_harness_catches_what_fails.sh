#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
. "$CP_SOURCE/tests/tools/harness.sh"

# Runs LINES as a test of its own, as CTest would.
run_test() {
  printf '. "$CP_SOURCE/tests/tools/harness.sh"\n%s\n' "$1" >inner.sh
  env -u TESTDIR CP_BUILD="$CP_BUILD" CP_SOURCE="$CP_SOURCE" CP_CONFIG=/outer bash inner.sh
}

while read -r case; do
  lines=${case%% => *}
  it "fails at: $lines"
  expect_status 1 run_test "$lines"
  expect_match "${case#* => }" "$STDERR"
done <<'CASES'
expect_status 0 sh -c 'echo why >&2; exit 3' => stderr: why
expect_status 64 true => expected status 64, got 0
expect_status 0 echo a; expect_stdout b => ^> a$
expect_status 0 sh -c 'echo a >&2'; expect_stderr '' => ^> a$
expect_status 0 echo abc; expect_match '^b' => no line of stdout matches
expect_status 0 echo abc; expect_no_match b => a line of stdout matches
expect_status 0 echo '{"a":1}'; expect_json '.a == 2' => not so: .a == 2
expect_status 0 echo '{"a":'; expect_json '.a == 1' => not so
expect_status 0 true; expect_json '.a == 1' => not so
: >none; validate none => no records at all
echo '{"schema":"cp.nosuch/1"}' | validate => there is no such schema
echo '{"a":1}' | validate => no record
echo '{"schema":"cp.error/1","schema":"cp.error/1"}' | validate => repeated key
start_server s sh -c 'echo oops >&2'; wait_line s ready => ended before it said ready: oops
false; echo unreachable => unexpected status 1: false
echo "$unset" => unbound variable
cat missing | true => No such file
CASES

it "skips with 77 and says why"
expect_status 77 run_test 'need no-such-program-anywhere'
expect_match '^skipped: no-such-program-anywhere is not installed$'

it "keeps the caller's settings out and the tools first"
expect_status 0 run_test 'echo "${CP_CONFIG-unset} ${PATH%%:*} ${HOME#"$TESTDIR"} ${CP_STATE_DIR#"$TESTDIR"}"; env'
expect_match "^unset $CP_BUILD/bin /home /state$"
expect_no_match '^CP_(BUILD|SOURCE|CONFIG)='

it "gives a test an empty standard input and an empty directory"
expect_status 0 run_test 'cat; ls -A'
expect_stdout ''

it "removes its directory and ends what was left running, also after a failure"
expect_status 3 run_test 'echo "$TESTDIR"; setsid sleep 600 & echo $!; setsid sh -c "trap : TERM; sleep 600; sleep 600" & echo $!; exit 3'
mapfile -t said <"$STDOUT"
expect_status 1 test -e "${said[0]}"
for pid in "${said[@]:1}"; do
  expect_status 1 kill -0 "$pid"
done

it "starts, waits for and stops a server"
start_server echoer python3 -uc '
import socket
s = socket.create_server(("127.0.0.1", 0))
print("listening on", s.getsockname()[1])
while True: s.accept()[0].close()'
port=$(wait_line echoer '^listening on [0-9]+$')
wait_port "${port##* }"
stop_server echoer
expect_equal 143 "$STATUS" "status of the server"
