#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
. "$CP_SOURCE/tests/tools/harness.sh"
. "$CP_SOURCE/tests/tools/cpxfer/moving.sh"

mkdir src 'in here'
endless src/endless
echo small >src/a
touch -d '1 hour ago' src/*
id() { jq -r .id "$1"; }

it "has nothing to list or resume at first"
expect_status 0 cpxfer list
expect_stdout ""
expect_status 66 cpxfer resume
expect_stderr "cpxfer: there is nothing to resume"
expect_status 66 cpxfer resume t-01M8233HY9NHH45D4A69ZNK920
expect_status 66 cpxfer forget t-01M8233HY9NHH45D4A69ZNK920
expect_status 64 cpxfer forget

it "lists nothing that was never begun"
expect_status 64 cpxfer src/ src/
expect_status 64 cpxfer src/a - there
expect_status 69 cpxfer --anonymous src/a cpx://127.0.0.1:1/
expect_status 0 cpxfer list
expect_stdout ""

it "lists what is done, and does not resume it"
expect_status 0 cpxfer src/a there
done_id=$(id "$STDOUT")
expect_status 0 cpxfer list
validate "$STDOUT"
expect_json '.state == "done" and .resumable == false and .bytes.moved == 6 and .command.arguments == ["src/a", "there"]'
expect_status 1 cpxfer resume "$done_id"
expect_stderr "cpxfer: $done_id is done"
expect_status 0 cpxfer list --resumable
expect_stdout ""

it "lists what runs, and neither resumes nor forgets it"
cd 'in here'
start_server copy cpxfer ../src/ out
wait_until arriving out
expect_status 0 cpxfer list
validate "$STDOUT"
expect_json '$all | map(select(.state == "running")) | length == 1 and .[0].resumable == false'
running=$(jq -r 'select(.state == "running") | .id' "$STDOUT")
expect_status 1 cpxfer resume "$running"
expect_stderr "cpxfer: $running is running"
expect_status 1 cpxfer forget "$running"

it "an interrupted one says how it is resumed"
stop_server copy INT
expect_equal 130 "$STATUS"
expect_match "cpxfer resume $running\$" "$TESTDIR/copy.err"
expect_equal "$running" "$(id "$TESTDIR/copy.out")"

it "and a killed one is known, too"
start_server copy cpxfer ../src/ out
runs() { cpxfer list | jq -e 'select(.state == "running")' >/dev/null; }
wait_until runs
kill -KILL "${SERVERS[copy]}"
wait "${SERVERS[copy]}" 2>/dev/null || true
cd ..
expect_status 0 cpxfer list --resumable
validate "$STDOUT"
expect_json "(\$all | length) == 1 and .id == \"$running\" and .state == \"failed\" and .error.message == \"it was killed\""
expect_status 0 cpxfer list --table
expect_match "$running"

it "is resumed from anywhere, by the same command in its own directory"
truncate -s 3000000 src/endless
expect_status 0 cpxfer resume
expect_json ".id == \"$running\" and .state == \"done\" and .attempt > 1"
expect_status 0 cmp src/endless 'in here/out/endless'
expect_equal "" "$(left_behind 'in here')"
expect_status 66 cpxfer resume

it "forgets"
expect_status 0 cpxfer forget "$running" "$done_id"
expect_status 0 cpxfer list
expect_stdout ""

it "passes over what is no record"
mkdir -p "$CP_STATE_DIR/transfers/x.json"
echo '{"id":7' >"$CP_STATE_DIR/transfers/y.json"
mkfifo "$CP_STATE_DIR/transfers/z.json"
expect_status 0 timeout 20 cpxfer list
expect_stdout ""

it "gives no command again that others could have written"
for open in . transfers; do
  chmod 777 "$CP_STATE_DIR/$open"
  STATUS=0
  cpxfer resume >"$STDOUT" 2>"$STDERR" || STATUS=$?
  case $STATUS in 77 | 78) ;; *) fail "ended with $STATUS" ;; esac
  expect_match '(is open to others|is not ours alone)$' "$STDERR"
  chmod 700 "$CP_STATE_DIR/$open"
done

it "a state directory that cannot be written costs only the list"
CP_STATE_DIR=/proc/nothing expect_status 0 cpxfer src/a elsewhere
expect_status 0 cmp src/a elsewhere
