#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
. "$CP_SOURCE/tests/tools/harness.sh"
. "$CP_SOURCE/tests/tools/cpxfer/moving.sh"
need python3

mkdir srv src
endless src/endless
none_of() { [ -z "$(left_behind "$1")" ]; }
ended() {
  STATUS=0
  wait "${SERVERS[$1]}" || STATUS=$?
  unset "SERVERS[$1]"
}
answering() {
  start_server "$1" python3 "$PEER" answer "$2"
  THERE=cpx://127.0.0.1:$(wait_line "$1" '^port ' | cut -d' ' -f2)
}

for rail in tcp fabric; do
  serve "server-$rail" srv -v --timeout 4s

  it "ends with 75 and one line when the server is stopped ($rail)"
  start_server client cpxfer --no-resume --anonymous --rail $rail --timeout 4s src/ "$URL/in"
  wait_until arriving srv/in
  kill -STOP "${SERVERS[server-$rail]}"
  ended client
  kill -CONT "${SERVERS[server-$rail]}"
  expect_equal 75 "$STATUS"
  expect_match "^cpxfer: $URL: the other end has been silent for 4 ?s" "$TESTDIR/client.err"
  validate "$TESTDIR/client.out"
  expect_json '.state == "failed" and .error.code == "timed_out" and (.error.hint | length > 0)' "$TESTDIR/client.out"
  wait_until none_of srv
  expect_equal "" "$(ls srv/in/endless 2>/dev/null)"

  it "the server gives a stopped client up and removes what it had half ($rail)"
  start_server client cpxfer --no-resume --anonymous --rail $rail --timeout 60s src/ "$URL/in"
  wait_until arriving srv/in
  kill -STOP "${SERVERS[client]}"
  wait_line "server-$rail" 'the other end has been silent for 4 ?s$' >"$TESTDIR/line"
  wait_until none_of srv
  kill -CONT "${SERVERS[client]}"
  ended client
  expect_equal 75 "$STATUS"
  expect_equal "" "$(ls srv/in/endless 2>/dev/null)"
  stop_server "server-$rail"
done

it "ends with 75 at a server that says nothing"
answering silent ''
expect_status 75 cpxfer --anonymous --timeout 300ms src/ "$THERE/in"
expect_stderr "cpxfer: $THERE: the peer is silent"
expect_stdout ""

it "ends with 75 at a server that greets and then says nothing"
answering greets 6370786665720d0a0200000001000000
expect_status 75 cpxfer --anonymous --timeout 300ms src/ "$THERE/in"
expect_stderr "cpxfer: $THERE: the peer is silent"

it "ends with 76 at something that is no cpxfer"
answering http 485454502f312e3120343030204261642052657175657374
expect_status 76 cpxfer --anonymous src/ "$THERE/in"
expect_stderr "cpxfer: $THERE: the other end is no cpxfer"

it "ends with 76 at a server of another version, and tells which"
answering newer 6370786665720d0aff00000001000000
expect_status 76 cpxfer --anonymous src/ "$THERE/in"
expect_stderr "cpxfer: $THERE: the other end speaks version 255, and this one version 2"

it "ends with 76 at a server that answers with noise after its greeting"
answering noise 6370786665720d0a0200000001000000ffffffffffffffffffffffffffffffff
expect_status 76 cpxfer --anonymous src/ "$THERE/in"
expect_equal 1 "$(wc -l <"$STDERR")"


it "ends with 75 at a server that hangs up before it says a word, as one with too many connections does"
start_server mute python3 -c 'import socket
server = socket.create_server(("127.0.0.1", 0))
print("port", server.getsockname()[1], flush=True)
for _ in range(50):
    server.accept()[0].close()'
THERE=cpx://127.0.0.1:$(wait_line mute '^port ' | cut -d' ' -f2)
expect_status 75 cpxfer --anonymous --retry 0s src/ "$THERE/in"
expect_match "^cpxfer: $THERE: the other end hung up before it said a word" "$STDERR"
it "ends with 69 where nobody listens"
serve gone srv
stop_server gone
expect_status 69 cpxfer --anonymous src/ "$URL/in"
expect_match "^cpxfer: $URL: cannot connect to 127\.0\.0\.1:[0-9]+: connection refused$" "$STDERR"
