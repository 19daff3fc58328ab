#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
. "$CP_SOURCE/tests/tools/harness.sh"
unshare -rm true 2>/dev/null || skip "this user may mount nothing"
cpid init >/dev/null
cpid register <<<'{"schema":"cp.resource/1","kind":"node","alias":["@lab/a"]}' >record

it "is read where nothing can be written"
cat >looking.sh <<'SH'
for command in list 'list --codes' 'check --ledger' 'resolve @lab/a' 'trust list' 'token list' bundle \
  '__complete alias'; do
  cpid $command || echo "$command: $?"
done
SH
cat >frozen.sh <<'SH'
mount --bind "$CP_STATE_DIR" "$CP_STATE_DIR" && mount -o remount,bind,ro "$CP_STATE_DIR" || exit 1
! touch "$CP_STATE_DIR/x" 2>/dev/null || exit 1
bash looking.sh >"$1"
cpid mint 2>&1
echo $?
SH
expect_status 0 unshare -rm bash frozen.sh frozen
expect_match '^cpid: .*identity.db cannot be written: it is read-only$'
expect_match '^73$'
bash looking.sh >thawed
expect_match '^\{"schema":"cp.delegation' thawed
expect_equal "$(sed 's/"as_of":"[^"]*"//' thawed)" "$(sed 's/"as_of":"[^"]*"//' frozen)"
