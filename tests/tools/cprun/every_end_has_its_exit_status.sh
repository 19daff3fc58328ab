#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
. "$CP_SOURCE/tests/tools/harness.sh"

it "is the job's own code"
for code in 0 1 7 64 125 126 127 255; do
  expect_status $code cprun run -q -- sh -c "exit $code"
  expect_stdout ''
done

it "is 128 and the signal"
expect_status 137 cprun run -q -- sh -c 'kill -9 $$'
expect_status 143 cprun run -q -- sh -c 'kill -15 $$'

it "is 127 where there is no such program, and says so"
expect_status 127 cprun run -q -- no-such-program
mkdir -m 000 closed # execvp(3) has it that a user may not, instead of that it is not there
expect_status 127 env PATH="$PWD/closed:$PATH" cprun run -q -- no-such-program
expect_match 'no-such-program' "$STDERR"
expect_match '^cprun: no-such-program: command not found$' "$STDERR"
expect_status 127 cprun run -q -- ./no-such-program
expect_status 127 cprun run -q -- /no/such/program

it "is 126 for what cannot be executed"
echo data >data
expect_status 126 cprun run -q -- ./data
expect_match '^cprun: cannot execute ./data: permission denied$' "$STDERR"
expect_status 126 cprun run -q -- /usr
printf '#!/no/such/interpreter\n' >script
chmod +x script
expect_status 126 cprun run -q -- ./script
expect_match 'interpreter' "$STDERR"

it "is 124 at the time limit"
expect_status 124 cprun run -q --duration 200ms -- sleep 100
expect_match 'time limit' "$STDERR"
expect_status 0 cprun run -q --duration 1h -- true

it "is 126 for a directory"
mkdir folder
expect_status 126 cprun run -q -- "$PWD/folder"
expect_match 'cannot execute .*/folder: is a directory' "$STDERR"

it "is 125 for every failure before the job starts"
expect_status 125 cprun run --no-such-flag -- true
expect_status 125 cprun run
expect_status 125 cprun run --on nowhere: -- true
expect_match 'no provider of type nowhere' "$STDERR"
expect_status 125 cprun run --nodes 2 -- true
expect_match 'one machine' "$STDERR"
expect_status 125 cprun run --cpus 100000 -- true
expect_status 125 cprun run --memory 1000TB -- true
expect_status 125 cprun run --stage-in missing:data -- touch "$TESTDIR/ran"
expect_match 'cannot stage in .*/missing: no such file or directory' "$STDERR"
expect_status 125 cprun run --stdin missing -- touch "$TESTDIR/ran"
expect_status 125 cprun run --directory /no/such/place/at/all/x -- true
expect_status 125 cprun run --record /no/such/directory/record -- touch "$TESTDIR/ran"
expect_status 125 cprun run --image docker://debian -- touch "$TESTDIR/ran"
[ ! -e "$TESTDIR/ran" ] || fail "a job ran that should not"

it "is handed on by wait"
id=$(cprun submit --plain -- sh -c 'exit 9')
expect_status 9 cprun wait "$id"
id=$(cprun submit --plain -- no-such-program 2>/dev/null) || true
id=$(cprun list --name no-such-program --limit 1 --plain)
expect_status 127 cprun wait "$id"
good=$(cprun submit --plain -- true)
bad=$(cprun submit --plain -- false)
expect_status 1 cprun wait "$good" "$bad"
expect_status 0 cprun wait "$good" "$good"
expect_status 66 cprun wait j-01JDABCDEFGHJKMNPQRSTVWXYZ
