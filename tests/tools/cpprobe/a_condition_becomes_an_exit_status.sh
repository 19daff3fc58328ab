#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
. "$CP_SOURCE/tests/tools/harness.sh"
. "$CP_SOURCE/tests/tools/cpprobe/probing.sh"

start_server reflector cpprobe serve --listen 127.0.0.1:0
url=$(wait_line reflector 'listening on stamp://')
target=${url##* }

it "succeeds when no condition holds"
expect_measured 0 --count 20 --fail-if 'rtt.p50>10s' --fail-if 'loss>50%' "$target"
expect_stderr ''

it "fails when one holds, names it and its value, and still prints the record"
expect_measured 1 --count 20 --fail-if 'rtt.p50>10s' --fail-if 'rtt.p50>1ns' "$target"
expect_match '^cpprobe: rtt\.p50>1ns: it is [0-9.]+ [num]?s$' "$STDERR"
expect_no_match '10s' "$STDERR"
expect_json '.valid'

it "fails when the figure is not known"
expect_measured 1 --count 20 --fail-if 'rtt.p99>10s' "$target"
expect_match '^cpprobe: rtt\.p99>10s: it is not known$' "$STDERR"
