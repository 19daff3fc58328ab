#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
. "$CP_SOURCE/tests/tools/harness.sh"
need strace
strace -o /dev/null -e inject=read:delay_exit=1 true 2>/dev/null || skip "strace cannot inject here"

it "is done when the job is there, and the job's end is the job's affair"
expect_status 0 strace -o /dev/null -e trace=read -e inject=read:delay_exit=20000 cprun submit -- sh -c 'exit 4'
expect_json '.state == "FAILED" and .exit_code == 4'
expect_status 4 cprun wait "$(jq -r .id "$STDOUT")"
