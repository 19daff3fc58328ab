#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
. "$CP_SOURCE/tests/tools/harness.sh"

it "has its exit code when it has closed its standard streams"
expect_status 5 cprun run -q -- sh -c 'exec <&- >&- 2>&-; exit 5'

it "is canceled by SIGINT while it writes faster than anybody reads"
start_server run env --default-signal=INT cprun run -q --name endless -- yes
wait_line run '^y$' >/dev/null
stop_server run INT
expect_equal 130 "$STATUS"
expect_json '.state == "CANCELED"' <(cprun list --name endless)
: >"$TESTDIR/run.out"

it "takes what left its session with it, when it ends and when its supervisor is killed"
alive() { kill -0 "$1" 2>/dev/null && ! grep -q '^State:.Z' "/proc/$1/status"; }
for how in ends killed; do
  rm -f deep
  id=$(cprun submit --plain -- sh -c "(setsid sh -c 'echo \$\$ >$PWD/new; mv $PWD/new $PWD/deep; exec sleep 1000' &)
    while [ ! -e $PWD/deep ]; do sleep 0.02; done; [ $how = ends ] || exec sleep 1000")
  wait_until test -s deep
  supervisor() { cprun list --json --limit 1 | jq -er '.attempts[0].native_id'; }
  if [ $how = killed ]; then
    wait_until supervisor >/dev/null
    kill -9 "$(supervisor)"
    expect_status 69 cprun wait "$id"
    expect_json '.reason == "lost"'
  else
    expect_status 0 cprun wait "$id"
  fi
  ! alive "$(cat deep)" || fail "it is still there"
done

it "gives its output whole to whoever follows it after its end"
id=$(cprun submit --plain -- seq 200000)
expect_status 0 cprun wait "$id"
seq 200000 >wanted
expect_status 0 cprun logs -f "$id"
cmp wanted "$STDOUT"
expect_status 0 cprun logs "$id"
cmp wanted "$STDOUT"

it "is canceled once by many"
id=$(cprun submit --plain -- sleep 1000)
for i in 1 2 3 4 5; do cprun cancel "$id" >"canceled.$i" & done
wait
for i in 1 2 3 4 5; do expect_json '.state == "CANCELED"' "canceled.$i"; done

it "is staged in or not, but does not hang, when its input changes"
mkdir changing
(while [ ! -e stop ]; do
  echo "$RANDOM" >"changing/$((RANDOM % 20))"
  rm -f "changing/$((RANDOM % 20))"
done) &
for i in 1 2 3 4 5; do
  status=0
  timeout 60 cprun run -q --stage-in changing:in -- sh -c '[ -d in ]' 2>"$STDERR" || status=$?
  case $status in
    0) ;;
    125) expect_match 'cannot stage in' "$STDERR" ;;
    *) fail "status $status" ;;
  esac
done
touch stop
wait

it "is told apart from rubbish in the store"
id=$(cprun submit --plain -- true)
expect_status 0 cprun wait "$id"
cp "$CP_STATE_DIR/jobs.db" jobs.db
cat "$CP_STATE_DIR/jobs.db-wal" >wal
head -c 50000 /dev/urandom >"$CP_STATE_DIR/jobs.db"
rm -f "$CP_STATE_DIR"/jobs.db-*
expect_status 65 cprun list
expect_stderr "cprun: the store $CP_STATE_DIR/jobs.db: file is not a database
  keep it, and put the last copy that is whole in its place"
expect_status 125 cprun run -- touch "$PWD/ran"
[ ! -e ran ] || fail "it ran"
rm "$CP_STATE_DIR"/jobs.db*
cp jobs.db wal "$CP_STATE_DIR"
mv "$CP_STATE_DIR/wal" "$CP_STATE_DIR/jobs.db-wal"
expect_json '.state == "COMPLETED"' <(cprun status "$id")

it "does not say that no job is open where the store has a hole"
need python3
expect_status 0 cprun wait
root=$(python3 - "$CP_STATE_DIR/jobs.db" <<'PYTHON'
import sqlite3, sys
store = sqlite3.connect(sys.argv[1])
store.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
print(store.execute("SELECT rootpage FROM sqlite_master WHERE name = 'jobs'").fetchone()[0])
PYTHON
)
head -c 4096 /dev/urandom | dd of="$CP_STATE_DIR/jobs.db" bs=4096 seek=$((root - 1)) conv=notrunc status=none
expect_status 65 cprun list
expect_status 65 cprun wait
expect_equal 2 "$(wc -l <"$STDERR")" "a line and what to do"
