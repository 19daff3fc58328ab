#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A directory where the source has a file, and the other way round.
. "$CP_SOURCE/tests/tools/harness.sh"
. "$CP_SOURCE/tests/tools/cpxfer/moving.sh"
need rsync strace

mkdir -p src/dir/inner src/deep/er
printf new >src/file
printf in >src/dir/inner/in
printf in >src/dir/beside
printf d >src/deep/er/file
printf p >src/plain
ln -s file src/link
head -c 3000000 /dev/urandom >src/large
find src -exec touch -h -d '1 hour ago' {} +
old() { # DIR
  mkdir -p "$1"/{file/a/b,link/x,large/y,deep}
  printf old >"$1/file/a/b/old"
  printf old >"$1/file/o.o"
  ln -s /etc "$1/file/out"
  printf old >"$1/large/y/old"
  printf old >"$1/dir"
  ln -s /etc "$1/deep/er"
  chmod 500 "$1/file/a/b"
}
serve server .
old before
# Without times, which directories get of their sources in any case.
kinds() { (cd "$1" && find . ! -name plain -printf '%P %y %s %l\n' | sed -E 's/^(.* d) [0-9]+/\1/' | sort); }

it "without --delete names what stands in the way, and leaves it"
old there
expect_status 1 cpxfer src/ there
for name in file link large; do
  expect_match "^cpxfer: cannot move there/$name: a directory stands there$" "$STDERR"
done
expect_match '^cpxfer: cannot move there/dir: a file stands where a directory belongs$' "$STDERR"
expect_match '^cpxfer: cannot move there/deep/er: a symbolic link stands in the way$' "$STDERR"
expect_equal "$(kinds before)" "$(kinds there)"
expect_equal p "$(cat there/plain)"
expect_equal "" "$(left_behind .)"

it "with it replaces as rsync does, here, to a server and from one"
old by-rsync
rsync -rlpt --delete src/ by-rsync/
list by-rsync >wanted
for ends in "src/ one" "src/ $URL/two" "$URL/src/ three"; do
  to=${ends#* }
  old "${to##*/}"
  # shellcheck disable=SC2086
  expect_status 0 cpxfer --anonymous --delete $ends
  validate "$STDOUT"
  expect_json '.state == "done" and .files.failed == 0 and .files.deleted == 13'
  expect_equal "$(cat wanted)" "$(list "${to##*/}")"
  expect_equal "" "$(left_behind .)"
done
[ -d /etc ]

it "gives the place of a directory to a hard link, too"
mkdir linked
printf one >linked/a
ln linked/a linked/b
mkdir -p names/b/c
printf old >names/b/c/old
expect_status 1 cpxfer --preserve links linked/ names
expect_match '^cpxfer: cannot move names/b: a directory stands there$' "$STDERR"
expect_equal old "$(cat names/b/c/old)"
expect_status 0 cpxfer --preserve links --delete linked/ names
expect_json '.files.failed == 0 and .files.deleted == 3'
expect_equal "$(stat -c %i names/a)" "$(stat -c %i names/b)"
expect_equal "" "$(left_behind .)"

it "shows it in a dry run"
rm -rf there
old there
expect_status 0 cpxfer -n --table --delete src/ there
for name in file file/a file/a/b/old file/out link large dir deep/er; do
  expect_match "^delete there/$name$"
done
expect_no_match '/etc'

it "keeps a directory that holds what is left out, and says so"
expect_status 1 cpxfer --delete --exclude '*.o' src/ there
expect_match '^cpxfer: cannot move there/file: a directory stands there, and something in it has to stay$' "$STDERR"
expect_equal old "$(cat there/file/o.o)"
expect_equal old "$(cat there/file/a/b/old)"
expect_status 0 cmp src/large there/large

it "keeps directories when something failed"
rm -rf there
old there
mkfifo src/pipe
expect_status 1 cpxfer --delete src/ there
expect_match '^cpxfer: cannot move there/file: a directory stands there' "$STDERR"
expect_equal old "$(cat there/large/y/old)"
rm src/pipe

it "gives no device away"
if mkfifo gone && rm -rf there && old there && rm there/dir && mkfifo there/dir; then
  expect_status 1 cpxfer --delete src/ there
  [ -p there/dir ]
fi

it "killed at any step leaves the old or the new, and the same command makes the rest"
strace -o /dev/null true 2>/dev/null || skip "strace may not trace here"
killed_at() {
  strace -f -qq -o /dev/null -e trace=renameat,renameat2,unlinkat,mkdirat \
    -e inject=renameat,renameat2,unlinkat,mkdirat:signal=KILL:when="$1" cpxfer --delete src/ there >/dev/null 2>&1
}
for n in {1..80}; do
  rm -rf there
  old there
  if { killed_at "$n"; } 2>/dev/null; then break; fi
  if [ -d there/file ]; then expect_equal oldold "$(cat there/file/a/b/old there/file/o.o)"; else expect_equal new "$(cat there/file)"; fi
  if [ -d there/large ]; then expect_equal old "$(cat there/large/y/old)"; else cmp src/large there/large; fi
  [ -d there/dir ] || expect_equal old "$(cat there/dir)"
  expect_status 0 cpxfer --delete src/ there
  expect_equal "$(cat wanted)" "$(list there)" "killed at $n: "
  expect_equal "" "$(left_behind .)"
done
if [ "$n" -lt 10 ] || [ "$n" -eq 80 ]; then fail "it ended by itself at $n"; fi
