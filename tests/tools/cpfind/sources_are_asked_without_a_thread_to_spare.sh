#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The thread after that which waits for signals is refused, as by a user's limit, a container's or the machine's.
. "$CP_SOURCE/tests/tools/harness.sh"
need strace
refuse=(strace -f -qq -o "$TESTDIR/trace" -e trace=clone3 -e signal=none -e inject=clone3:error=EAGAIN:when=2)
"${refuse[@]}" cpfind --version >/dev/null 2>&1 || skip "strace cannot inject here"
mkdir -p data/cptools/providers
export XDG_DATA_HOME=$PWD/data
for name in one two; do
  printf '#!/bin/sh\nexit 0\n' >"data/cptools/providers/cp-provider-$name"
  chmod 755 "data/cptools/providers/cp-provider-$name"
  expect_status 0 cpfind sources add "exec:$name"
done

it "asks one source after the other"
expect_status 0 "${refuse[@]}" cpfind sources refresh
grep -q EAGAIN "$TESTDIR/trace" || fail "nothing was refused"
expect_json '[$all[].status] == ["answered", "answered"]'
