#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
. "$CP_SOURCE/tests/tools/harness.sh"

start_server reflector cpprobe serve --listen 127.0.0.1:0
url=$(wait_line reflector 'listening on stamp://')

it "prints the record of an endless run and ends by the signal"
start_server prober cpprobe ping --progress=always --count 0 --interval 5ms "${url##* }"
wait_line prober 'answered, 0 lost' >"$TESTDIR/line"
stop_server prober INT
expect_equal 130 "$STATUS" "status of the prober"
validate "$TESTDIR/prober.out"
expect_json '.received > 0 and .lost == 0 and (.plan | has("count") | not)' "$TESTDIR/prober.out"
expect_json '.sent.sent == .received + .sent.pending' "$TESTDIR/prober.out"
