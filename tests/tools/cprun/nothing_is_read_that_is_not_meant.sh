#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
. "$CP_SOURCE/tests/tools/harness.sh"

it "eats nothing of a loop's input"
seq 5 >lines
: >seen
while read -r line; do
  cprun run -q -- cat
  echo "$line" >>seen
done <lines
cmp lines seen

it "eats nothing of a script on standard input"
printf 'cprun run -q -- cat\ncprun submit -q --plain -- cat >/dev/null\necho reached\n' >script
expect_equal reached "$(bash -s <script)"

it "does not wait for a terminal or a pipe that stays open"
mkfifo pipe
exec 7<>pipe
expect_status 0 timeout 20 cprun run -q -- cat <&7
exec 7>&-

it "reads standard input to its end when told to"
expect_equal "to the job" "$(echo to the job | cprun run -q --stdin - -- cat)"
printf 'a\0b' >input
cprun run -q --stdin input -- cat >got
cmp input got

it "hands over what only this process can open: a pipe, an open file by its number"
expect_equal piped "$(cprun run -q --stdin <(echo piped) -- cat)"
expect_equal "$(od -c input)" "$(cprun run -q --stdin /dev/stdin -- cat <input | od -c)"
mkfifo named
echo named >named &
expect_equal named "$(cprun run -q --stdin named -- cat)"
expect_equal 0 "$(find "$CP_STATE_DIR/jobs" -name '*.stdin' | wc -l)" "copies that are left"

it "keeps no descriptor of its caller's open"
exec 8>held
id=$(cprun submit --plain -- sleep 100 8>&-)
exec 8>&-
id2=$(bash -c 'exec 9>held; cprun submit --plain -- sleep 100')
for process in /proc/[0-9]*; do
  [ "$process/exe" -ef "$CP_BUILD/bin/cprun" ] || continue
  for fd in "$process"/fd/*; do
    [ ! "$fd" -ef held ] || fail "$fd holds a file of its caller's"
  done
done
expect_status 0 cprun cancel "$id" "$id2"
