#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The same tree by rsync and by cpxfer, with the same patterns: the same things arrive.
. "$CP_SOURCE/tests/tools/harness.sh"
. "$CP_SOURCE/tests/tools/cpxfer/moving.sh"
need rsync

mkdir -p src/{a,b}/{deep/er,.git/objects,logs} src/cache 'src/odd [x]'
for directory in src src/a src/b src/a/deep src/b/deep/er src/a/logs src/cache 'src/odd [x]' src/a/.git/objects; do
  for name in x.o y.c keep.o README 'star*' 'back\slash' a1 b2 $'\xff' .hidden; do
    printf '%s' "$directory/$name" >"$directory/$name"
  done
done
ln -s x.o src/link.o
ln -s deep src/a/way
printf '%s\n' '# what is made anew' '; and this' '' '+ keep.o' '*.o' '- /src/cache' >rules

# Not every rsync gives directories and links their times.
arrived() { list "$1" | sed -E 's/ ([dl]) ([0-9]+) [-0-9.]+/ \1 \2/'; }
both() { # SOURCE FLAG…
  rm -rf by-rsync by-cpxfer
  mkdir by-rsync by-cpxfer
  rsync -a "${@:2}" "$1" by-rsync/
  cpxfer "${@:2}" "$1" by-cpxfer/ >/dev/null
  expect_equal "$(arrived by-rsync)" "$(arrived by-cpxfer)" "cpxfer ${*:2} $1: "
}

it "leaves out and takes what rsync does"
while read -r flags; do
  eval "set -- $flags"
  both src "$@"
  both src/ "$@"
done <<'FLAGS'
--exclude '*.o'
--include keep.o --exclude '*.o'
--exclude '*.o' --include keep.o
--exclude a
--exclude a/
--exclude 'x.o/'
--exclude /a
--exclude /src/a
--exclude deep/er
--exclude 'deep/*'
--exclude 'a/**'
--exclude 'a/**' --include 'a/*'
--include 'a/***' --exclude '/src/*' --exclude '/*.o'
--exclude '**/er'
--exclude 'a/**/x.o'
--exclude '/**/x.o'
--exclude 'deep**README'
--exclude '.*'
--exclude '?[0-9]'
--exclude '[!xy].[oc]'
--exclude '[[:alpha:]][[:digit:]]'
--exclude 'star*'
--exclude 'star\*'
--exclude 'back\slash'
--exclude 'back\\slash*'
--exclude 'odd [x]'
--exclude 'odd \[x\]'
--exclude $'\xff'
--include '*/' --include '*.c' --exclude '*'
--include '*.c' --exclude '*'
--exclude '*'
--exclude .git --exclude logs/ --exclude '*.o'
--exclude-from rules
--include '/src/cache/' --exclude-from rules --exclude 'b*'
FLAGS

it "chooses at the far end as well"
serve server .
both=$(cpxfer --include keep.o --exclude '*.o' --exclude .git src by-path/ | jq -c '.files, .digest')
expect_equal "$both" "$(cpxfer --anonymous --include keep.o --exclude '*.o' --exclude .git src "$URL/pushed/" | jq -c '.files, .digest')"
expect_equal "$both" "$(cpxfer --anonymous --include keep.o --exclude '*.o' --exclude .git "$URL/src" pulled/ | jq -c '.files, .digest')"
expect_equal "$(list by-path)" "$(list pushed)"
expect_equal "$(list by-path)" "$(list pulled)"

it "compares what it would move"
expect_status 0 cpxfer verify --include keep.o --exclude '*.o' --exclude .git src by-path
expect_status 1 cpxfer verify src by-path
expect_status 0 cpxfer -n --exclude '*' src/ nowhere
expect_json '.files.total == 0'

it "leaves out what has not changed for long"
touch -d '3 days ago' src/y.c src/a/y.c
touch -h -d '3 days ago' src/link.o
cpxfer --max-age 2d src/ young
expect_equal 'a/y.c link.o y.c' "$(comm -23 <(cd src && find . ! -type d -printf '%P\n' | sort) <(cd young && find . ! -type d -printf '%P\n' | sort) | xargs)"

it "says what is wrong with a pattern"
expect_status 64 cpxfer --exclude '' src dst
expect_status 66 cpxfer --exclude-from none src dst
printf '+ \n' >bad
expect_status 64 cpxfer --exclude-from bad src dst
[ ! -e dst ]
