#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# cpxfer verify and hash with ends at servers: only names and digests travel.
. "$CP_SOURCE/tests/tools/harness.sh"
. "$CP_SOURCE/tests/tools/cpxfer/moving.sh"

mkdir srv
plant_tree src
cp -a src srv/src
cp -a src here
serve server srv

it "finds no difference where there is none, and says the digest of a transfer"
DIGEST=$(cpxfer hash --plain src/)
for words in "src/ $URL/src" "$URL/src/ here" "$URL/src/ $URL/src" "-T src $URL/src" "-T $URL/src here"; do
  # shellcheck disable=SC2086
  expect_status 0 cpxfer verify --anonymous $words
  validate "$STDOUT"
  expect_json ".different == 0 and .files > 700 and .value == \"$DIGEST\""
done
expect_status 0 cpxfer verify --anonymous src/small src/d "$URL/src"
expect_status 0 cpxfer verify --anonymous "$URL/src/small" "$URL/src/d" here
expect_status 0 cpxfer verify --anonymous "$URL/src/small" here/small
expect_status 0 cpxfer verify --anonymous --exclude many/ --exclude big "$URL/src/" here
expect_json '.files < 30'

it "gives a tree there the digest that it has here"
for path in src src/ src/small src/d/inner/big; do
  expect_status 0 cpxfer hash --anonymous "$URL/$path"
  validate "$STDOUT"
  expect_json ".path == \"$URL/$path\""
  cpxfer hash "$path" >local.json
  expect_equal "$(jq -c 'del(.path)' local.json)" "$(jq -c 'del(.path)' "$STDOUT")"
done

it "prints sums of files there as sha256sum does"
expect_status 0 cpxfer hash --anonymous --digest sha256 --plain "$URL/src"
expect_equal "$(cpxfer hash --digest sha256 --plain src | sed 's,^\(\\*[0-9a-f]* *\),&/,')" "$(sed "s,  $URL/,  /," "$STDOUT")"
expect_status 0 cpxfer hash --anonymous --each "$URL/src/many" src/small
validate "$STDOUT"
expect_equal 703 "$(wc -l <"$STDOUT")" "records"

it "names what is another, as verify here does"
cp -a here changed
printf Q | dd of=changed/d/inner/big bs=1 seek=4999999 conv=notrunc status=none
printf Q | dd of=changed/d/sparse bs=1 seek=4999999 conv=notrunc status=none
rm changed/empty
ln -sfn elsewhere changed/dangling
cp -a changed srv/changed
expect_status 1 cpxfer verify src/ changed
sed 's/^cpxfer: differs: //' "$STDERR" | sort >wanted
expect_equal 4 "$(wc -l <wanted)"
expect_status 1 cpxfer verify --anonymous src/ "$URL/changed"
expect_json '$all[-1].different == 4'
expect_equal "$(cat wanted)" "$(sed 's/^cpxfer: differs: //' "$STDERR" | sort)"
expect_status 1 cpxfer verify --anonymous "$URL/src/" changed
expect_equal "$(cat wanted)" "$(sed "s,^cpxfer: differs: $URL/,," "$STDERR" | sort)"
expect_status 1 cpxfer verify --anonymous "$URL/src/" "$URL/changed"
expect_equal "$(cat wanted)" "$(sed "s,^cpxfer: differs: $URL/,," "$STDERR" | sort)"

it "names what cannot be read there, and prints no digest of a part"
mkfifo srv/changed/pipe
expect_status 69 cpxfer hash --anonymous "$URL/changed"
expect_match "$URL/changed/pipe: it is a named pipe" "$STDERR"
expect_json '.schema == "cp.error/1" and ($all | length) == 1'
expect_status 69 cpxfer verify --anonymous "$URL/changed/" changed
expect_match "differs: $URL/changed/pipe: it is a named pipe" "$STDERR"
rm srv/changed/pipe

it "says what is not there, and what cannot be asked"
expect_status 66 cpxfer verify --anonymous src/ "$URL/none"
expect_status 66 cpxfer verify --anonymous "$URL/none" here
expect_status 66 cpxfer hash --anonymous "$URL/none" src/small
expect_json '$all[-1].path == "src/small"'
expect_status 64 cpxfer verify --anonymous src -
expect_status 64 cpxfer hash -
expect_status 64 cpxfer verify --anonymous "$URL/src/small" src/d here
expect_match 'the sources are at several places' "$STDERR"
expect_status 69 cpxfer hash cpx://127.0.0.1:1/src
expect_equal "" "$(left_behind .)"

it "asks a server of an earlier version nothing, and says that it is one"
number=0
for words in "hash URL" "verify src URL" "verify URL src"; do
  number=$((number + 1))
  start_server "old$number" python3 "$PEER" measured old
  port=$(wait_line "old$number" '^port ' | cut -d' ' -f2)
  # shellcheck disable=SC2086
  expect_status 69 cpxfer ${words/URL/--anonymous cpx://127.0.0.1:$port/x}
  expect_match ': its cpxfer 0.0.7 is too old to sum and compare$' "$STDERR"
  stop_server "old$number" KILL
done

# Nobody reads such a file to its end.
it "reads both ends of a large file at once, and ends when it is interrupted"
truncate -s 4T hole srv/hole
has_read() { [ "$(awk '$1 == "rchar:" { print $2 }' "/proc/$1/io")" -gt $((10#$2 + 50000000)) ]; }
chars() { awk '$1 == "rchar:" { print $2 }' "/proc/$1/io"; }
SERVER=${SERVERS[server]}
number=0
for words in "hole $URL/hole" "$URL/hole hole"; do
  number=$((number + 1)) before=$(chars "$SERVER")
  # shellcheck disable=SC2086
  start_server "verifying$number" cpxfer verify --anonymous $words
  wait_until has_read "${SERVERS[verifying$number]}" 0
  wait_until has_read "$SERVER" "$before"
  stop_server "verifying$number" INT
  expect_equal 130 "$STATUS"
done
start_server reading cpxfer hash --anonymous "$URL/hole"
wait_until has_read "$SERVER" "$(chars "$SERVER")"
stop_server reading INT
expect_equal 130 "$STATUS"
rests() {
  local before
  before=$(chars "$SERVER")
  sleep 0.3
  [ "$(chars "$SERVER")" -lt $((before + 1000000)) ]
}
wait_until rests
