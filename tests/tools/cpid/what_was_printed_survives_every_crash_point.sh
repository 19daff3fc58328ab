#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
. "$CP_SOURCE/tests/tools/harness.sh"
. "$CP_SOURCE/tests/tools/cpid/crash_points.sh"

ledger_is_sound() {
  expect_status 0 cpid check --ledger
  expect_json '.verdict == "verified"'
}

it "leaves no authority or a whole one, wherever init is killed"
authority_is_whole_or_none() {
  if cpid check --ledger >/dev/null 2>errors; then
    expect_status 0 cpid register <<<'{"schema":"cp.resource/1","kind":"node"}'
  else
    expect_match 'there is no authority here' errors
    expect_status 0 cpid init
    ledger_is_sound
  fi
  rm -rf "$CP_STATE_DIR"
}
rm -rf "$CP_STATE_DIR"
at_every_crash_point authority_is_whole_or_none cpid init
expect_status 0 cpid init

it "prints no code that is not in the ledger, wherever mint is killed"
: >all
nothing_printed_is_lost() {
  cat printed >>all
  ledger_is_sound
  expect_status 0 cpid list --codes --plain
  expect_equal '' "$(sort all | uniq -d)" 'printed twice'
  expect_equal '' "$(sort all | comm -23 - <(sort "$STDOUT"))" 'printed and lost'
}
at_every_crash_point nothing_printed_is_lost cpid mint --count 3 --plain
expect_equal 3 "$(wc -l <printed)" 'printed by the run that ended'

it "leaves the old record or the new one, wherever register is killed"
cpid register <<<'{"schema":"cp.resource/1","kind":"node","alias":["@lab/a"],"name":"old"}' >old
jq -c 'del(.seq) | .name = "new"' old >change
old_or_new() {
  ledger_is_sound
  expect_status 0 cpid resolve @lab/a
  if [ -s printed ]; then
    expect_stdout "$(cat printed)"
  else
    expect_json '.name == "old" or .name == "new"'
  fi
}
at_every_crash_point old_or_new cpid register change
