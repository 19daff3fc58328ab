# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
. "$CP_SOURCE/tests/tools/harness.sh"
need jq
mkdir tree
cp -r "$CP_SOURCE"/{demo,share,lib,tools,tests} tree/
cd tree

it "does the main job, twice, and leaves the user's own state alone"
for _ in 1 2; do
  expect_status 0 demo/run "$CP_BUILD/bin"
  expect_match '^identical$'
  expect_match 'COMPLETED'
done
expect_equal "" "$(find "$CP_STATE_DIR" "$TESTDIR/xdg" -type f)"
