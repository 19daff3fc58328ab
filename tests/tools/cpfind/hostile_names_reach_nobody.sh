#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
. "$CP_SOURCE/tests/tools/harness.sh"
. "$CP_SOURCE/tests/tools/cpfind/finding.sh"

escape=$'\e]0;owned\a\e[31m'
jq -cn --arg evil "$escape"$'\u202e\nname $(touch pwned)' \
  '{schema: "cp.resource/1", kind: "node", name: $evil, provider: {name: $evil}, place: {region: $evil},
    node: {cpu: {cores: 4}, accelerators: [{native_name: $evil, count: 1}]}}' >evil.ndjson
expect_status 0 cpfind import evil.ndjson --name "$escape"

it "shows foreign text as escapes, in tables and in diagnostics"
for command in "cpfind --table" "cpfind sources --table" "cpfind --plain" "cpfind sources remove x" \
  "cpfind --gpu $(printf '%q' "$escape"):1"; do
  eval "$command" >table 2>&1 || true
  expect_equal 0 "$(LC_ALL=C tr -d '\n' <table | LC_ALL=C tr -cd '\000-\037\177' | wc -c)" "$command"
  expect_no_match $'\u202e' table
done
expect_equal '' "$(find . -name pwned)"

it "hands it through JSON unchanged"
expect_status 0 cpfind
validate "$STDOUT"
expect_json ".source.name == $(jq -Rn --arg e "$escape" '$e') and (.name | startswith($(jq -Rn --arg e "$escape" '$e')))"

it "refuses a name that is not UTF-8"
expect_status 64 cpfind import evil.ndjson --name $'\xff'
