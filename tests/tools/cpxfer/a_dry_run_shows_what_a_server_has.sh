#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
. "$CP_SOURCE/tests/tools/harness.sh"
. "$CP_SOURCE/tests/tools/cpxfer/moving.sh"

mkdir srv one
plant_tree srv/src
seq 600 | split -l 1 -a 3 - srv/src/hollow2-
mkfifo srv/pipe
serve server srv

# The same as a dry run of a copy on this machine, but for where it comes from.
for what in src src/ src/small; do
  for target in there one; do
    it "shows where $what would land in $target, and moves nothing"
    expect_status 0 cpxfer -n --table --exclude '*-rf' "srv/$what" $target
    sed "s|^srv/|$URL/|" "$STDOUT" | sort >wanted
    expect_status 0 cpxfer --anonymous -n --table --exclude '*-rf' "$URL/$what" $target
    sort "$STDOUT" >got
    expect_equal "$(cat wanted)" "$(cat got)"
    [ ! -e there ] || fail "it made something"
    expect_equal "" "$(ls one)"
  done
done

it "counts it in the record"
expect_status 0 cpxfer -n --json srv/src srv/src/small there
jq -S '[.state, .files, .bytes, (.plan | map(.to))]' "$STDOUT" | tail -n +1 >wanted
expect_status 0 cpxfer --anonymous -n --json "$URL/src" "$URL/src/small" there
validate "$STDOUT"
expect_equal "$(cat wanted)" "$(jq -S '[.state, .files, .bytes, (.plan | map(.to))]' "$STDOUT")"

it "names what is missing, and what could not be moved"
expect_status 66 cpxfer --anonymous -n "$URL/none" there
expect_status 69 cpxfer -n srv/ there
expect_status 69 cpxfer --anonymous -n "$URL/" there
expect_match '^cpxfer: cannot move cpx://.*/pipe: it is a named pipe' "$STDERR"
expect_status 73 cpxfer --anonymous -n "$URL/src/" srv/src/small
