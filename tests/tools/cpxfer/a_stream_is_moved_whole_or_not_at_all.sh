#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
. "$CP_SOURCE/tests/tools/harness.sh"
. "$CP_SOURCE/tests/tools/cpxfer/moving.sh"

mkdir srv dir
head -c 5000001 /dev/urandom >large
head -c 1048576 large >leaf
head -c 2097152 large >leaves
printf 'hi\n' >small
: >empty
{ cat large; head -c 3000000 /dev/zero; } >zeros
truncate -s 9M holes
printf end >>holes
serve server srv

it "refuses what is no stream, before a byte is read"
from() { "${@:2}" <"$1"; }
expect_status 64 cpxfer - -
expect_match '^cpxfer: both ends are streams: one of them has to be a file$' "$STDERR"
expect_status 64 cpxfer - small dir
expect_status 64 cpxfer small - dir
expect_status 64 cpxfer small leaf -
expect_status 64 cpxfer dir -
expect_status 64 cpxfer --anonymous "$URL/" -
expect_status 64 from small cpxfer - dir/
expect_status 64 from small cpxfer - --update here
expect_status 64 from small cpxfer - --delete here
expect_status 64 from small cpxfer - --exclude x here
expect_status 73 from small cpxfer - dir
expect_match 'a directory stands there' "$STDERR"
expect_status 64 cpxfer verify - small
expect_status 66 cpxfer --anonymous "$URL/none" -
expect_stdout ""
[ ! -e here ] || fail "it made something"
expect_equal "" "$(find dir srv -mindepth 1)"

for to in here "$URL/there"; do
  for what in empty small leaf leaves large zeros; do
    it "takes $what from standard input to ${to%%:*}"
    expect_status 0 from $what cpxfer --anonymous - "$to"
    validate "$STDOUT"
    expect_json ".state == \"done\" and .files.done == 1 and .bytes.moved == $(stat -c %s $what)"
    got=here
    [ "$to" = here ] || got=srv/there
    expect_status 0 cmp $what $got
    expect_equal 644 "$(stat -c %a $got)"
    cpxfer --anonymous - "$to" <$what >record
    expect_equal "$(cpxfer hash --plain $got)" "$(jq -r .digest.value record)"
  done
done
expect_equal "" "$(left_behind .)"

for what in empty small leaf leaves large holes; do
  cp --sparse=always $what srv/$what
  it "gives $what to standard output"
  expect_status 0 cpxfer $what -
  cp "$STDOUT" got
  expect_status 0 cmp $what got
  expect_status 0 cpxfer --anonymous "$URL/$what" -
  cp "$STDOUT" got
  expect_status 0 cmp $what got
done

it "writes the record where there is room for one"
expect_status 0 cpxfer -o record --anonymous "$URL/large" -
validate record
expect_equal "$(cpxfer hash --plain large)" "$(jq -r .digest.value record)"

it "goes through a slow pipe, and from one"
slowly() { for _ in 1 2 3; do cat small; sleep 0.2; done; }
slowly | cpxfer --anonymous - "$URL/slow" >"$STDOUT"
expect_equal $'hi\nhi\nhi' "$(cat srv/slow)"
expect_equal "$(md5sum <large)" "$(cpxfer --anonymous "$URL/large" - | { sleep 0.5; md5sum; })"

it "ends by SIGPIPE when nobody reads on, and without a word"
STATUS=0
{ cpxfer --anonymous "$URL/large" - 2>"$STDERR" || echo $? >status; } | head -c 10 >"$STDOUT"
expect_equal 141 "$(cat status)"
expect_stderr ""

it "tells of a full disk"
gives_full() { cpxfer --anonymous "$1" - >/dev/full; }
for from in large "$URL/large"; do
  expect_status 74 gives_full "$from"
  expect_match 'no space left on device' "$STDERR"
done
limited() { (ulimit -f 2048 && exec cpxfer "$@"); }
printf before >there
expect_status 74 from large limited - there
expect_match 'cannot move there/there: file too large|cannot move .*: file too large' "$STDERR"
expect_equal before "$(cat there)"
expect_equal "" "$(left_behind .)"

it "names a link and what is missing, and says that nothing came"
ln -s large link
expect_status 69 cpxfer link -
expect_stdout ""
expect_match '^cpxfer: cannot move link: it is no file' "$STDERR"
ln -s large srv/link
expect_status 69 cpxfer --anonymous "$URL/link" -
expect_stdout ""
expect_match '^cpxfer: cannot move link: it is no file' "$STDERR"

it "shows in a dry run where it would land, and reads nothing"
expect_status 0 from /dev/zero cpxfer -n - new
expect_json '.plan == [{"from":"-","to":"new"}]'
expect_status 0 from /dev/zero cpxfer -n --anonymous - "$URL/new"
expect_json '.plan[0].from == "-"'
[ ! -e new ] && [ ! -e srv/new ]

it "leaves what stood there when it is killed, and nothing else"
mkfifo pipe
for to in there "$URL/there"; do
  printf before | tee there >srv/there
  cpxfer --anonymous - "$to" <pipe >"$TESTDIR/killed.out" 2>&1 &
  writer=$!
  exec 5>pipe
  head -c 3000000 /dev/zero | tr '\0' x >&5
  grows() { [ -n "$(find . -path '*/.cpxfer/*' -type f -size +1M 2>/dev/null)" ]; }
  wait_until grows
  kill -KILL $writer
  wait $writer 2>/dev/null || true
  exec 5>&-
  expect_equal before "$(cat there)"
  expect_equal before "$(cat srv/there)"
  expect_equal "" "$(cpxfer list | jq 'select(.source == "-")')"
  none_left() { [ -z "$(left_behind .)" ]; }
  expect_status 0 cpxfer --anonymous small "$URL/"
  expect_status 0 cpxfer small dir/../again
  wait_until none_left
  rm again
done

it "says that it cannot be gone on with when the other end is lost"
printf before >srv/there
cpxfer --anonymous - "$URL/there" <pipe >"$STDOUT" 2>"$STDERR" &
writer=$!
exec 5>pipe
head -c 3000000 /dev/zero | tr '\0' x >&5
wait_until grows
stop_server server KILL
STATUS=0
wait $writer || STATUS=$?
exec 5>&-
expect_equal 75 "$STATUS"
expect_match 'a stream cannot be gone on with' "$STDERR"
expect_equal before "$(cat srv/there)"

it "takes a closed standard input for no empty one"
printf precious >kept
expect_status 74 sh -c 'exec cpxfer - kept <&-'
expect_equal precious "$(cat kept)"
expect_status 74 sh -c 'exec cpxfer --files-from=- . here <&-'
