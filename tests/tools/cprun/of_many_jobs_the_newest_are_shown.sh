#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
. "$CP_SOURCE/tests/tools/harness.sh"
need script

cprun run -q -- true
NEWEST=$(cprun list --plain)
# As many as somebody has after weeks, all older than that one.
/usr/bin/python3 - "$CP_STATE_DIR/jobs.db" <<'PYTHON'
import sqlite3, sys

store = sqlite3.connect(sys.argv[1])
job = store.execute("SELECT * FROM jobs").fetchone()
for number in range(300):
    ours = f"{number:026d}"
    put = lambda value: value.replace(job[0][2:], ours) if isinstance(value, str) else value
    store.execute(f"INSERT INTO jobs VALUES({','.join('?' * len(job))})", [put(value) for value in job])
store.commit()
PYTHON

it "prints all of them for a program, the newest first"
expect_status 0 cprun list
validate "$STDOUT"
expect_equal 301 "$(wc -l <"$STDOUT")"
expect_equal "$NEWEST" "$(head -n 1 "$STDOUT" | jq -r .id)"
expect_equal "$(jq -r .id "$STDOUT" | sort -r)" "$(jq -r .id "$STDOUT")"
expect_equal 301 "$(cprun list --plain | wc -l)"

it "prints as many as were asked for"
expect_status 0 cprun list --limit 7
expect_equal 7 "$(wc -l <"$STDOUT")"
expect_status 0 cprun list --state ACTIVE
expect_equal 0 "$(wc -l <"$STDOUT")"
expect_status 0 cprun list --state COMPLETED --limit 2
expect_equal 2 "$(wc -l <"$STDOUT")"

it "shows the newest to somebody who looks, and how to see the others"
shows() { NO_COLOR=1 script -qec "$*" /dev/null | tr -d '\r' >"$STDOUT"; }
shows cprun list
expect_equal 200 "$(grep -c COMPLETED "$STDOUT")"
expect_match "$NEWEST" "$STDOUT"
expect_match '^older jobs are not shown: --limit 0 shows all$' "$STDOUT"
shows cprun list --limit 0
expect_equal 301 "$(grep -c COMPLETED "$STDOUT")"
shows cprun list --limit 20
expect_equal 20 "$(grep -c COMPLETED "$STDOUT")"
! grep -q 'not shown' "$STDOUT" || fail "it says what was asked for"
