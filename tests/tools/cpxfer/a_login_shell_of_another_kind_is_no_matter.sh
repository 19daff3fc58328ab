#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
. "$CP_SOURCE/tests/tools/harness.sh"
. "$CP_SOURCE/tests/tools/cpxfer/moving.sh"
. "$CP_SOURCE/tests/tools/cpxfer/ssh.sh"
. "$CP_SOURCE/tests/tools/cpxfer/bare.sh"

need tcsh
echo hello >file
start_sshd far
far_start_up 'echo "welcome to csh"; exec tcsh -f -c "$SSH_ORIGINAL_COMMAND"'

it "starts the cpxfer there"
expect_status 0 cpxfer file far:with
expect_equal hello "$(cat "$FAR/with")"

it "goes through POSIX sh where there is none"
bare_gnu
expect_status 0 cpxfer file far:without
expect_equal hello "$(cat "$FAR/without")"
expect_status 0 cpxfer far:without back
expect_equal hello "$(cat back)"

it "skips whatever start-up files print"
far_start_up 'seq 3000; printf "no line end"; echo "on stderr" >&2'
expect_status 0 cpxfer file far:noise
expect_equal hello "$(cat "$FAR/noise")"
expect_status 0 cpxfer far:noise noise
expect_equal hello "$(cat noise)"
