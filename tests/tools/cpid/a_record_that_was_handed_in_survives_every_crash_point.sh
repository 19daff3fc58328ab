#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A registry that takes records for a child that has none of its own, killed at each call that
# writes or answers while it takes one; afterwards all of it is there or nothing, and what was
# answered is there.
. "$CP_SOURCE/tests/tools/harness.sh"
. "$CP_SOURCE/tests/tools/cpid/machines.sh"
. "$CP_SOURCE/tests/tools/cpid/serving.sh"
. "$CP_SOURCE/tests/tools/cpid/crash_points.sh"
need curl sqlite3
readonly CALLS=$CRASH_CALLS,sendto,sendmsg
start_server idle sleep 60
start_server tracer strace -o /dev/null -e trace=none -p "${SERVERS[idle]}"
wait_until grep -q . "$TESTDIR/tracer.err"
grep -q attached "$TESTDIR/tracer.err" || skip "strace may not attach here: $(cat "$TESTDIR/tracer.err")"
stop_server tracer
stop_server idle

as nation cpid init --prefix 86 >root.json
as lab cpid init --prefix 86.2 --parent 86 >request
as lab cpid trust add --prefix 86 root.json >anchor
as nation cpid delegate request >answer
as lab cpid accept answer >accepted
as lab cpid register <<<'{"schema":"cp.resource/1","kind":"node","nodes":1}' >one
jq -c '.nodes = 2' one | as lab cpid register >two
code=$(jq -r .id one)
token=$(as nation cpid token issue --plain --subject lab --audience 86 --grant register)

# The sequence number of the record that is kept, that of the newest entry that speaks of it, how
# many of these there are, and what the token has used; and the ledger is sound.
kept() {
  as nation cpid check --ledger >audit || fail "the ledger is broken: $(cat audit)"
  sqlite3 -separator ' ' "$TESTDIR/nation/identity.db" \
    "SELECT coalesce((SELECT seq FROM kept WHERE subject = '$code'), 0),
            coalesce(max(json_extract(entry, '\$.record_seq')), 0), count(*),
            coalesce((SELECT records FROM used), 0),
            coalesce((SELECT records FROM holding WHERE prefix = '86.2'), 0)
     FROM ledger WHERE json_extract(entry, '\$.op') = 'keep' AND json_extract(entry, '\$.id') = '$code'"
}
# at_every_crash_point_of_put BEFORE AFTER STATUS FILE CONDITION
at_every_crash_point_of_put() {
  local n=0 now acknowledged pid
  rm -rf before
  cp -a "$TESTDIR/nation" before
  while :; do
    n=$((n + 1))
    [ $n -le 200 ] || fail "200 crash points and no end"
    CP_STATE_DIR=$TESTDIR/nation serve nation
    pid=${SERVERS[nation]}
    start_server tracer strace -f -o /dev/null -e trace="$CALLS" -e inject="$CALLS:signal=KILL:when=$n" -p "$pid"
    wait_line tracer attached >/dev/null
    get "/v1/id/$(code_path "$code")" -X PUT -H "Authorization: Bearer $token" --data-binary "@$4" -H "$5"
    acknowledged=$STATUS
    # Before it is asked to end, since it is killed at what it writes then, too. One that is asked
    # to let go of what is just dying waits for ever.
    stop_server tracer KILL
    stop_server nation
    now=$(kept)
    [ "$acknowledged" != "$3" ] || expect_equal "$2" "$now" "what was answered at crash point $n"
    [ "$now" = "$1" ] || [ "$now" = "$2" ] || fail "crash point $n: $now is neither $1 nor $2"
    [ "$acknowledged" != "$3" ] || [ "$STATUS" -eq 137 ] || break
    [ "$STATUS" -eq 137 ] || fail "crash point $n: answered $acknowledged, ended with $STATUS"
    rm -rf "$TESTDIR/nation"
    cp -a before "$TESTDIR/nation"
  done
  echo "  $((n - 1)) crash points"
  [ $n -gt 5 ] || fail "only $n crash points: the calls were not seen"
}

it "enters and keeps a child's new record, or does neither"
at_every_crash_point_of_put '0 0 0 0 0' '1 1 1 1 1' 201 one 'If-None-Match: *'

it "enters and keeps its next version, or does neither"
at_every_crash_point_of_put '1 1 1 1 1' '2 2 2 1 1' 200 two 'If-Match: "1"'
