#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Files that grow, shrink, vanish or change while they are read, or before: each is named, nothing of
# it stands at the destination, and the others arrive.
. "$CP_SOURCE/tests/tools/harness.sh"
. "$CP_SOURCE/tests/tools/cpxfer/moving.sh"

mkdir srv original
head -c 12000000 /dev/urandom >original/a-big
head -c 1500000 /dev/urandom >original/z-late
seq 50 | split -l 1 -a 2 - original/small-
find original -exec touch -h -d '2001-01-01' {} +
serve server srv
export CP_CPXFER_STREAMS=1

# meanwhile COMMAND: moves the tree, and does that as soon as some of it has arrived.
meanwhile() {
  rm -rf src srv/src srv/to here
  cp -a original src
  cp -a original srv/src
  RAN="$* (of $HOW)"
  # shellcheck disable=SC2086
  start_server mover timeout 60 cpxfer --anonymous --bwlimit 4MB/s $HOW
  wait_until arriving .
  "$@"
  STATUS=0
  wait "${SERVERS[mover]}" || STATUS=$?
  unset 'SERVERS[mover]'
  cp "$TESTDIR/mover.out" "$STDOUT"
  cp "$TESTDIR/mover.err" "$STDERR"
  expect_equal 1 "$STATUS"
  validate "$STDOUT"
}
# lacking WHAT NAME…: those alone failed, for that reason, and all others are there.
lacking() {
  local why=$1 name
  shift
  for name; do expect_match "^cpxfer: cannot move .*/$name: $why$" "$STDERR"; done
  expect_json "\$all[-1] | .state == \"partial\" and .files.failed == $# and .files.total == 52 and .files.done == 52 - $#"
  diff <(ls -A "$TO") <(cd original && printf '%s\n' * | grep -vxF "$(printf '%s\n' "$@")") ||
    fail "not just those are missing"
  while read -r name; do cmp "original/$name" "$TO/$name"; done < <(ls -A "$TO")
  expect_equal "" "$(left_behind "$TO")"
}
grow() { printf more >>"$FROM/a-big"; }
shrink() { truncate -s 1000 "$FROM/a-big"; }
change() { printf other | dd of="$FROM/a-big" bs=1 seek=11999000 conv=notrunc status=none; }
vanish() { rm "$FROM/z-late"; }
replace() { rm "$FROM/z-late" && printf other >"$FROM/z-late"; }
all_at_once() { vanish && grow; }

for where in here 'to a server' 'from a server'; do
  FROM=src
  case $where in
    here) HOW='src/ here' TO=here ;;
    to*) HOW="src/ $URL/to" TO=srv/to ;;
    from*) HOW="$URL/src/ here" TO=here FROM=srv/src ;;
  esac
  it "what grows, shrinks, changes or goes while it moves is named ($where)"
  meanwhile shrink
  lacking 'it changed while it was read' a-big
  meanwhile all_at_once
  expect_match '/z-late: no such file or directory$' "$STDERR"
  lacking '.*' a-big z-late
  [ "$where" = here ] || continue
  meanwhile grow
  lacking 'it changed while it was read' a-big
  meanwhile change
  lacking 'it changed while it was read' a-big
  meanwhile vanish
  lacking 'no such file or directory' z-late
  meanwhile replace
  lacking 'it changed.*' z-late
done

it "the same command brings what was missing"
expect_status 0 cpxfer --anonymous original/ here
expect_equal "$(list original)" "$(list here)"
