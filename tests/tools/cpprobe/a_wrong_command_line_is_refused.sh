#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
. "$CP_SOURCE/tests/tools/harness.sh"

while read -r case; do
  words=${case%% => *}
  it "refuses: cpprobe $words"
  eval "set -- $words"
  expect_status 64 cpprobe "$@"
  expect_match "${case#* => }" "$STDERR"
  expect_stdout ''
done <<'CASES'
ping => TARGET
ping a b => .
ping '' => is not a host
ping 'a b' => is not a host
ping -- -oProxyCommand=x => is not a host
ping http://127.0.0.1 => is not a stamp:// URL
ping 127.0.0.1:0 => has no port
ping 127.0.0.1:65536 => has no port
ping --count x 127.0.0.1 => count
ping --size 43 127.0.0.1 => 44 to 65507 bytes, not 43
ping --size 70000 127.0.0.1 => 44 to 65507 bytes, not 70000
ping --timeout 0 127.0.0.1 => time-out
ping --timeout 1h --interval 1us --count 0 127.0.0.1 => more than 262144 packets
ping --fail-if rtt.p98 127.0.0.1 => is not a condition
ping --fail-if 'rtt.p9>5ms' 127.0.0.1 => did you mean rtt.p
ping --fail-if 'loss>5ms' 127.0.0.1 => is not a number
serve --listen 'a b' => is not a host
serve --allow 10.0.0.1/8 => bits behind its prefix
serve --allow nowhere => is not a network
serve extra => .
pong => did you mean ping
CASES

it "says when an address is not of this host, or taken"
expect_status 69 cpprobe serve --listen 192.0.2.1:7032
expect_match '^cpprobe: cannot listen on 192\.0\.2\.1:7032: ' "$STDERR"
start_server first cpprobe serve --listen 127.0.0.1:0
url=$(wait_line first 'listening on stamp://')
expect_status 69 cpprobe serve --listen "${url##*//}"
expect_match 'address already in use' "$STDERR"

it "says when a host does not exist"
expect_status 66 cpprobe ping no-such-host.invalid
expect_stderr 'cpprobe: no-such-host.invalid: there is no such host'
