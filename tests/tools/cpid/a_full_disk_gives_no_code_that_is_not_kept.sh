#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
. "$CP_SOURCE/tests/tools/harness.sh"

# A small file system of this user's own.
cat >inside.sh <<'SH'
mount -t tmpfs -o size=24m none "$CP_STATE_DIR" || exit 1
chmod 700 "$CP_STATE_DIR"
cpid init >/dev/null && cpid mint --count 10 --plain >before || exit 1
cpid mint --count 3000000 --plain >during 2>why
echo $? >status
cp -r "$CP_STATE_DIR"/. kept/
SH
mkdir -p "$CP_STATE_DIR" kept
unshare -rm true 2>/dev/null || skip "this user may mount nothing"
expect_status 0 unshare -rm bash inside.sh

it "reads what is there when the disk is full, and says so where it would write"
cat >reading.sh <<'SH'
mount -t tmpfs -o size=2m none "$CP_STATE_DIR" && chmod 700 "$CP_STATE_DIR" && cpid init >/dev/null || exit 1
cpid register >record <<<'{"schema":"cp.resource/1","kind":"node","alias":["@lab/a"]}' || exit 1
dd if=/dev/zero of="$CP_STATE_DIR/fill" bs=4k 2>/dev/null
cpid list >listed && cpid resolve @lab/a >resolved && cpid bundle >bundled || exit 1
cpid mint 2>refused
echo $?
timeout 20 cpid serve --anonymous --listen 127.0.0.1:0 2>>refused
echo $?
SH
expect_status 0 unshare -rm bash reading.sh
expect_stdout $'74\n74'
expect_equal "$(cat record record)" "$(cat listed resolved)"
expect_match 'cp.resource/1' bundled
expect_match 'identity.db: [Nn]o space left on device$' refused

it "ends with one line when the disk is full"
expect_equal 74 "$(cat status)" "$(cat why)"
expect_equal 1 "$(wc -l <why)" "$(cat why)"

it "has kept all that it printed, and nobody gets it again"
export CP_STATE_DIR=$PWD/kept
chmod 700 "$CP_STATE_DIR"
[ "$(wc -l <during)" -gt 60000 ] || fail "nothing was given before the disk was full"
expect_status 0 cpid list --codes --plain
sort "$STDOUT" >ledger
expect_equal '' "$(sort before during | comm -23 - ledger | head)" 'printed and not in the ledger'
expect_status 0 cpid check --ledger
expect_status 0 cpid mint --count 10 --plain
expect_equal '' "$(sort "$STDOUT" | comm -12 - ledger)" 'given twice'
