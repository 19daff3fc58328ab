#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
. "$CP_SOURCE/tests/tools/harness.sh"
mkdir -p 'data/deep er'
head -c 300000 /dev/urandom >'data/deep er/random'
echo text >data/a.txt
printf '#!/bin/sh\nmkdir results && cp -r data/. results/ && echo done >results/log\n' >work.sh
chmod +x work.sh

it "brings directories and the executable in, and results out"
expect_status 0 cprun run --stage-in ./data:data --stage-out results:./out -- ./work.sh
expect_match ' STAGE_IN$' "$STDERR"
expect_match ' STAGE_OUT$' "$STDERR"
cmp 'data/deep er/random' 'out/deep er/random'
cmp data/a.txt out/a.txt
expect_equal "done" "$(cat out/log)"

it "accounts for what was moved, and clears the job's directory away"
expect_status 0 cprun list --name work_sh --limit 1
expect_json '.usage.bytes_in >= 300005 and .usage.bytes_out >= 300005'
expect_json '.attempts[0] | has("directory") | not'
[ -z "$(find "$CP_STATE_DIR/jobs" -name random)" ] || fail "the data is still there"

it "splits what comes in at the last colon, what goes out at the first"
echo x >a:b
expect_status 0 cprun run -q --stage-in a:b:c --stage-out c:d:e -- true
cmp a:b d:e

it "renames single files"
expect_status 0 cprun run -q --stage-in data/a.txt:in/b.txt --stage-out in/b.txt:new/c.txt -- cat in/b.txt
expect_stdout text
cmp data/a.txt new/c.txt

it "puts a file into a directory that is there, or that ends in a slash"
mkdir there
expect_status 0 cprun run -q --stage-in data/a.txt:in/ --stage-out in/a.txt:newdir/ \
  --stage-out in/a.txt:there -- cat in/a.txt
expect_stdout text
cmp data/a.txt newdir/a.txt
cmp data/a.txt there/a.txt
expect_status 0 cprun run -q --stage-in data:up/ --stage-in data/:flat/ --stage-out up:tree/ -- cat flat/a.txt
expect_stdout text
cmp data/a.txt tree/up/data/a.txt

it "runs nothing when a place cannot be written to by what is here"
for place in http://host/o cpx://127.0.0.1:1/o file://other/o; do
  expect_status 64 cprun submit --stage-out "o:$place" -- touch "$PWD/ran"
  expect_match "cannot stage out to $place: it is no file of this machine" "$STDERR"
done
expect_status 64 cprun submit --stage-in http://host/i:i -- touch "$PWD/ran"
echo '{"schema":"cp.jobspec/1","executable":"touch","arguments":["'"$PWD"'/ran"],"outputs":[{"path":"o","url":"http://host/o"}]}' >url.json
expect_status 65 cprun submit -f url.json
[ ! -e ran ] || fail "it ran"

it "brings results out of a job that failed, as far as there are any"
expect_status 3 cprun run -q --stage-out some:some --stage-out none:none -- sh -c 'echo x >some; exit 3'
expect_equal x "$(cat some)"
[ ! -e none ] || fail "there is something"

it "does not call a job done whose results are missing"
expect_status 74 cprun run -q --stage-out none:none -- true
expect_match 'cannot stage out none' "$STDERR"
expect_status 0 cprun list --limit 1
expect_json '.state == "FAILED" and .reason == "staging_error" and .exit_code == 0'

it "runs nothing when an input is missing"
expect_status 125 cprun run -q --stage-in none:data -- touch "$PWD/ran"
[ ! -e ran ] || fail "it ran"

it "keeps what nobody asked for"
expect_status 0 cprun run -q --name keeps -- sh -c 'echo result >file'
place=$(cprun list --name keeps --json | jq -r '.attempts[0].directory')
expect_equal result "$(cat "$place/file")"

it "runs a script of another directory by its name"
mkdir -p other/deep
cd other/deep || exit
expect_status 0 cprun run -q --stage-in ../../data:data -- ../../work.sh
expect_equal "" "$(find . -type f)"
cd ../..

it "says which item did not arrive, and why"
mkdir some_fail
touch some_fail/good
ln -s nowhere some_fail/good2
mkfifo some_fail/pipe
expect_status 125 cprun run -q --stage-in some_fail:d -- true
expect_match 'cannot stage in .*some_fail.*pipe.*: .*' "$STDERR"
