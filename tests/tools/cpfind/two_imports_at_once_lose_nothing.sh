#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
. "$CP_SOURCE/tests/tools/harness.sh"

for file in a b c; do
  { echo InstanceType,Price,Region; seq 1 3000 | sed "s/.*/$file&,0.&1,r&/"; } >$file.csv
done

it "takes imports side by side, on a cache that is not there yet"
pids=()
for file in a b c; do
  cpfind import $file.csv >$file.out 2>$file.err & pids+=($!)
done
for pid in "${pids[@]}"; do wait "$pid"; done
expect_status 0 cpfind sources
expect_json '[$all[] | .name, .offers] == ["a", 3000, "b", 3000, "c", 3000]'

it "answers with a whole source while it is replaced"
for _ in 1 2 3 4 5; do cpfind import a.csv >again.out; done & pid=$!
while kill -0 $pid 2>/dev/null; do
  expect_status 0 cpfind --where 'source = a' --limit 1
  expect_json '$all[-1].matched == 3000'
done
wait $pid

it "leaves what was there when an import is killed"
for _ in {1..10}; do
  cpfind import a.csv >/dev/null & pid=$!
  sleep 0.0$((RANDOM % 9))
  kill -9 $pid 2>/dev/null || true
  wait $pid 2>/dev/null || true
done
expect_status 0 cpfind --where 'source = a' --limit 1
expect_json '$all[-1].matched == 3000'
expect_status 0 cpfind import a.csv
expect_json '.offers == 3000'
