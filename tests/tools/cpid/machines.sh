# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Several machines in one test: each has a state directory of its own. Sourced after the harness.
#
#   as NAME COMMAND…    runs COMMAND on the machine NAME
#   hold_store NAME     takes NAME's store for writing, until let_store_go; "." is the harness's own
#   reasons             the reasons (or verdicts) in $STDOUT, on one line
as() {
  [ -d "$TESTDIR/$1" ] || mkdir -m 700 "$TESTDIR/$1"
  CP_STATE_DIR=$TESTDIR/$1 "${@:2}"
}
reasons() { jq -r 'select(.input) | .reason // .verdict' "$STDOUT" | xargs; }
hold_store() {
  local state=$TESTDIR/$1
  [ "$1" != . ] || state=$CP_STATE_DIR
  cat >hold_store.py <<'PYTHON'
import sqlite3, sys
c = sqlite3.connect(sys.argv[1], isolation_level=None); c.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.readline()
PYTHON
  mkfifo let_store_go
  start_server holder bash -c 'exec python3 hold_store.py "$0" <let_store_go' "$state/identity.db"
  exec 8>let_store_go
  wait_line holder held >line
}
let_store_go() {
  exec 8>&-
  stop_server holder
}
