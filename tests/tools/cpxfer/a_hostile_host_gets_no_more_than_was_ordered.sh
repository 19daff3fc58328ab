#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# One of the hosts of a transfer between two is hostile: the other gives it nothing, and takes nothing from it, but
# what the one who asked has named.
. "$CP_SOURCE/tests/tools/harness.sh"
. "$CP_SOURCE/tests/tools/cpxfer/moving.sh"
. "$CP_SOURCE/tests/tools/cpxfer/ssh.sh"
. "$CP_SOURCE/tests/tools/cpxfer/third.sh"
[ -x /usr/bin/python3 ] || skip "there is no /usr/bin/python3"

mkdir bin
printf '#!/bin/sh\nexec /usr/bin/python3 "%s"\n' "$CP_SOURCE/tests/tools/cpxfer/deputy.py" >bin/cpxfer
chmod +x bin/cpxfer
far_path "$PWD/bin" /usr/bin /bin
write_login_of a "export DEPUTY_DOES='$TESTDIR/does' DEPUTY_HEARS='$TESTDIR/hears'"
far_path "$CP_BUILD/bin" /usr/bin /bin
start_both
echo "the secret of b" >"$B/.secret"
echo x >"$A/data"
mkdir "$B/in"
does() { echo "$1" >"$TESTDIR/does" && : >"$TESTDIR/hears"; }

it "reads nothing at the other host"
does steal
STATUS=0
cpxfer --retry 0s --timeout 3s a:data b:in/ >"$STDOUT" 2>"$STDERR" || STATUS=$?
[ "$STATUS" -ne 0 ] || fail "it counts as done"
expect_match '^relayed .*"destination":"in/?"|^relayed .*"direction"|^relayed ' "$TESTDIR/hears"
expect_no_match 'the secret of b' "$TESTDIR/hears"
expect_no_match '"name":"\.secret"' "$TESTDIR/hears"

it "writes nothing there but below the destination"
does write
STATUS=0
cpxfer --retry 0s --timeout 3s a:data b:in/ >"$STDOUT" 2>"$STDERR" || STATUS=$?
[ "$STATUS" -ne 0 ] || fail "it counts as done"
expect_equal ".secret in" "$(cd "$B" && find . -mindepth 1 -maxdepth 1 ! -name .state -printf '%f\n' | sort | paste -sd' ')"

it "opens no stream there"
does rail
expect_status 76 cpxfer --retry 0s a:data b:in/
expect_match '^cpxfer: a: a connection for something else than this transfer' "$STDERR"

it "is shown out when it says what cannot be"
does garbage
expect_status 76 cpxfer --retry 0s a:data b:in/
does outcome
expect_status 76 cpxfer --retry 0s a:data b:in/
expect_match '^cpxfer: a: an outcome that cannot be' "$STDERR"
validate "$STDOUT"
does quiet
expect_status 75 cpxfer --retry 0s --timeout 2s a:data b:in/

it "is not believed when it counts more than there is"
does counts
expect_status 76 cpxfer --retry 0s a:data b:in/
expect_match '^cpxfer: a: the figures of its outcome do not add up' "$STDERR"
validate "$STDOUT"

it "reaches no terminal with what it says"
does lies
expect_status 76 cpxfer --retry 0s --json a:data b:in/
jq -c . "$STDOUT" >"$TESTDIR/records"
expect_no_match $'\e|\a' "$STDERR"
expect_no_match $'\e|\a' "$STDOUT"
tail -n 1 "$TESTDIR/records" | validate /dev/stdin
expect_match 'red' "$STDERR"
