# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Several machines in one test: each has a state directory of its own. Sourced after the harness.
#
#   as NAME COMMAND…    runs COMMAND on the machine NAME
#   reasons             the reasons (or verdicts) in $STDOUT, on one line
as() {
  [ -d "$TESTDIR/$1" ] || mkdir -m 700 "$TESTDIR/$1"
  CP_STATE_DIR=$TESTDIR/$1 "${@:2}"
}
reasons() { jq -r 'select(.input) | .reason // .verdict' "$STDOUT" | xargs; }
