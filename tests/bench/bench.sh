# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# What every benchmark stands on: the harness of the tool tests (an empty directory, a private state,
# the built tools first in PATH) and
#   compare LABEL --ours COMMAND [--peer COMMAND] [--at-most RATIO] …   one line, see compare.py
# A target that is missed is printed and makes the benchmark end with 1, after all of its figures.
. "$CP_SOURCE/tests/tools/harness.sh"
MISSED=0
compare() {
  /usr/bin/python3 "$CP_SOURCE/tests/bench/compare.py" "$@" || MISSED=1
}
finish() {
  SENTENCE='a target was missed'
  exit $MISSED
}
