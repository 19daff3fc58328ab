#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
. "$CP_SOURCE/tests/tools/harness.sh"

it "refuses what is none, item by item"
expect_status 65 cpid parse cp:86.3101.42/7F3K9Q2M-JC cp:86.3101.42/7F3K9Q2M-JB
validate "$STDOUT"
expect_json '.schema == "cp.error/1" and .item == "cp:86.3101.42/7F3K9Q2M-JC" and $all[1].serial == "7F3K9Q2M"'
expect_stderr 'cpid: cp:86.3101.42/7F3K9Q2M-JC is no identifier: the check characters do not fit: something is mistyped'

it "gives the canonical form and the parts"
expect_status 0 cpid parse cP:86.3lOl.42/7f3k9q2m-jb/results/a%20b
validate "$STDOUT"
expect_stdout '{"schema":"cp.identifier/1","id":"cp:86.3101.42/7F3K9Q2M-JB","prefix":"86.3101.42","serial":"7F3K9Q2M","check":"JB","path":"results/a%20b"}'
expect_status 0 cpid parse --plain cp:86.3101.42/7f3k9q2m-jb
expect_stdout cp:86.3101.42/7F3K9Q2M-JB

it "reads lines, too"
printf 'cp:86.3101.42/7f3k9q2m-jb\r\n\n cp:86.1101.7/AAAA22-30' >lines
expect_status 0 cpid parse --plain <lines
expect_stdout 'cp:86.3101.42/7F3K9Q2M-JB
cp:86.1101.7/AAAA22-30'
