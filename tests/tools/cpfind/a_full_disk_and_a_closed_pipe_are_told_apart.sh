#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
. "$CP_SOURCE/tests/tools/harness.sh"
. "$CP_SOURCE/tests/tools/cpfind/finding.sh"

catalog site.ndjson
expect_status 0 cpfind import site.ndjson

it "ends with 74 when its output cannot be written"
for command in "cpfind" "cpfind fields" "cpfind sources" "cpfind import site.ndjson"; do
  expect_status 74 sh -c "$command >/dev/full"
  expect_match '^cpfind: .*no space left on device' "$STDERR"
done

it "ends with 73 when its report cannot be made, and takes nothing"
expect_status 73 cpfind import site.ndjson --name other --report none/report
expect_no_match other <(cpfind sources)

it "ends quietly when nobody reads on"
{ echo InstanceType,Price; seq 1 5000 | sed 's/.*/t&,0.&/'; } >many.csv
expect_status 0 cpfind import many.csv
expect_status 0 bash -c 'set -o pipefail; cpfind --limit 0 | head -n 1; test "${PIPESTATUS[0]}" -eq 141'
expect_stderr ''
