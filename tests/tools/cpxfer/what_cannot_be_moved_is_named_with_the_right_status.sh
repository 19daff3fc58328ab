#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
. "$CP_SOURCE/tests/tools/harness.sh"

mkdir -p src dst
echo good >src/good

it "refuses what was asked for wrongly"
expect_status 64 cpxfer src
expect_status 64 cpxfer src src/ src/
expect_status 64 cpxfer --durability=never src dst
mkdir -p other/src
expect_status 64 cpxfer src other/src dst
expect_stderr "cpxfer: two sources would land as src"
expect_status 64 cpxfer 'ho st:src' dst
expect_match 'write ./ho st:src if it is a file' "$STDERR"

it "says which source is missing and moves nothing"
expect_status 66 cpxfer src none dst
expect_stderr "cpxfer: cannot open none: no such file or directory"
expect_equal "" "$(ls -A dst)"

it "cannot put a directory where a file stands, nor the other way round"
echo file >standing
expect_status 73 cpxfer src/ standing
expect_status 73 cpxfer -T src/good dst
mkdir dst/good
expect_status 73 cpxfer src/good dst/
expect_match '^cpxfer: cannot move dst/good: a directory stands there$' "$STDERR"
rmdir dst/good

it "puts no file in the place of a device, a named pipe or a socket"
mkfifo dst/good
for how in src/good src/; do
  expect_status 73 cpxfer "$how" dst/
  expect_match '^cpxfer: cannot move .*good: a device, a named pipe or a socket stands there$' "$STDERR"
  [ -p dst/good ] || fail "the pipe is gone"
done
rm dst/good
if mknod device c 1 3 2>/dev/null; then
  expect_status 73 cpxfer -T src/good device
  [ -c device ] || fail "the device is gone"
  rm device
fi

it "names each item that fails, moves the others, and ends with 1"
mkfifo src/pipe
echo x >src/.cpxfer
expect_status 1 cpxfer src/ dst
expect_equal good "$(cat dst/good)"
expect_match '^cpxfer: cannot move src/pipe: it is a named pipe$' "$STDERR"
expect_json '[$all[] | .schema] == ["cp.error/1", "cp.error/1", "cp.transfer/1"]'
expect_json '$all[2].state == "partial" and ($all[2].failed | map(.path)) == ["src/.cpxfer", "src/pipe"]'
validate "$STDOUT"
rm src/pipe src/.cpxfer

it "does not take a file for empty that only says so"
expect_status 1 cpxfer /proc/version none
expect_match '^cpxfer: cannot move /proc/version: it does not say how much it holds$' "$STDERR"
[ ! -e none ] || fail "it is there"

it "reports a file that may not be so large, and leaves nothing of it"
head -c 3000000 /dev/zero | tr '\0' x >src/large
expect_status 1 bash -c 'ulimit -f 1024; exec cpxfer src/ limited'
expect_match '^cpxfer: cannot move limited/large: file too large$' "$STDERR"
expect_equal "good" "$(ls -A limited)"
rm src/large

if [ "$(id -u)" -ne 0 ]; then
  it "cannot write where the user may not"
  mkdir -m 555 closed
  expect_status 73 cpxfer src/good closed/
  expect_equal "" "$(ls -A closed)"

  it "moves the rest of a tree with a directory that may not be read"
  mkdir -p tree/a tree/m tree/z
  echo a >tree/a/1
  echo z >tree/z/1
  chmod 311 tree/m
  expect_status 1 cpxfer tree landed
  expect_json '$all[-1].state == "partial" and ($all[-1].failed | map(.path)) == ["tree/m"]'
  expect_equal "a z" "$(cat landed/tree/{a,z}/1 | paste -sd' ')"
  chmod 755 tree/m landed/tree/m
fi
