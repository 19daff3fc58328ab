#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
. "$CP_SOURCE/tests/tools/harness.sh"
. "$CP_SOURCE/tests/tools/cpfind/finding.sh"
export XDG_DATA_HOME=$PWD/data
providers=$XDG_DATA_HOME/cptools/providers
mkdir -p "$providers"

# pool PRICE: a catalog of one resource at PRICE, as the source pool.
pool() {
  catalog all.ndjson
  grep a100-pool all.ndjson | sed "s/8\.60/$1/" >pool.ndjson
  cpfind import pool.ndjson >imported
}
# offers N: whether the watch has told N offers.
offers() { [ "$(grep -c '"cp.offer/1"' "$TESTDIR/watch.out")" -ge "$1" ]; }
# eventually COMMAND...: until it succeeds, within 60 s.
eventually() {
  for _ in {1..600}; do "$@" && return 0; sleep 0.1; done
  fail "not within 60 s: $*; $(cat "$TESTDIR/watch.out" "$TESTDIR/watch.err")"
}
ended() { ! kill -0 "${SERVERS[watch]}" 2>/dev/null; }

it "tells what can be had now, and ends with what ends an answer"
pool 8.60
expect_status 0 timeout 60 cpfind watch --gpu A100:8 --count 1
validate "$STDOUT"
expect_json '.name == "a100-pool" and .event.kind == "satisfiable" and .rank == 1 and .price.hour.amount == "68.80"'
expect_json '$all | length == 2 and .[1].schema == "cp.answer/1" and .[1].events == 1 and .[1].matched == 1'

it "ends with 1 when the time is over and nothing came, with the answer all the same"
timed() { timeout 60 cpfind watch --every 100ms --timeout 6s "$@"; }
timed --gpu H200:8 >nothing & pids=$!
timed --gpu A100:8 --count 2 >one & pids+=" $!"
timed --gpu A100:8 >any & pids+=" $!"
statuses=
for pid in $pids; do
  status=0
  wait "$pid" || status=$?
  statuses+=$status
done
expect_equal 110 "$statuses" "of nothing, of one of two, of one"
validate nothing
expect_json '.schema == "cp.answer/1" and .events == 0' nothing
expect_json '$all | length == 2 and .[1].events == 1' one
expect_json '$all | length == 2' any

it "tells a catalog that falls in price, goes and comes while it runs"
start_server watch cpfind watch --gpu A100:8 --max-price 10CNY/card-hour --every 200ms --count 3
eventually offers 1
pool 8.50
eventually offers 2
pool 11
eventually grep -q 'no offer any more' "$TESTDIR/watch.err"
pool 9
eventually ended
wait "${SERVERS[watch]}" || fail "the watch ended with $?"
unset "SERVERS[watch]"
validate "$TESTDIR/watch.out"
expect_equal 'satisfiable 68.80 null,cheaper 68.00 68.80,satisfiable 72.00 null' "$(jq -rn \
  '[inputs | select(.event) | "\(.event.kind) \(.price.hour.amount) \(.event.before.amount)"] | join(",")' "$TESTDIR/watch.out")"

it "sees a registry that changes while it runs"
start_server watch cpfind watch --where 'source = "registry:local" and price.hour < 1000CNY' --cpus 1+ --every 200ms --count 2
cpid init >/dev/null
cat >site.toml <<'TOML'
name = "here"
[[prices]]
terms = "internal"
unit = "core-hour"
price = { amount = "0.10", currency = "CNY" }
TOML
cpid describe --from local --with site.toml | cpid register >registered
eventually offers 1
jq 'del(.proof) | .prices[0].price.amount = "0.07"' registered | cpid register >/dev/null
eventually ended
wait "${SERVERS[watch]}" || fail "the watch ended with $?"
unset "SERVERS[watch]"
validate "$TESTDIR/watch.out"
expect_equal 'satisfiable 0.10,cheaper 0.07' "$(jq -rn \
  '[inputs | select(.event) | "\(.event.kind) \(.price.hour.amount)"] | join(",")' "$TESTDIR/watch.out")"

it "hands what came to cprun"
expect_status 0 bash -o pipefail -c 'cpfind watch --runnable --cpus 1+ --count 1 --timeout 60s | cprun run -q --offers - -- echo there'
expect_stdout there

it "goes on when sources fail, tells each failure once, and takes nothing for gone that it cannot ask for"
cat >"$providers/cp-provider-moody" <<'PROGRAM'
#!/bin/sh
echo asked >>asked
[ ! -e moody ] || { echo 'out of order' >&2; exit 69; }
[ "$1" = catalog ] || exec sed 's/.*/null/'
cat offer.json
PROGRAM
chmod 755 "$providers/cp-provider-moody"
echo '{"schema":"cp.resource/1","name":"m1","kind":"node","node":{"cpu":{"cores":8},"accelerators":[{"model":"H200","count":8}]},"prices":[{"unit":"node-hour","price":{"amount":"20","currency":"USD"}}]}' >offer.json
touch moody
cpfind sources add exec:moody --max-age 0s --deadline 60s >/dev/null 2>&1 || true
start_server watch cpfind watch --gpu H200:8 --every 100ms --count 2
eventually grep -q 'out of order' "$TESTDIR/watch.err"
rm moody
eventually offers 1
touch moody
: >asked
asked_often() { [ "$(wc -l <asked)" -ge 6 ]; }
eventually asked_often
sed 's/"20"/"18"/' offer.json >offer.new && mv offer.new offer.json
rm moody
eventually ended
wait "${SERVERS[watch]}" || fail "the watch ended with $?"
unset "SERVERS[watch]"
expect_equal 'satisfiable 20.00,cheaper 18.00' "$(jq -rn \
  '[inputs | select(.event) | "\(.event.kind) \(.price.hour.amount)"] | join(",")' "$TESTDIR/watch.out")"
expect_no_match 'no offer any more' "$TESTDIR/watch.err"
# It may also have failed between its two verbs, which is another failure.
expect_equal 1 "$(grep -c 'moody: exec:moody: out of order' "$TESTDIR/watch.err")" "how often a source was missing"
expect_equal 1 "$(grep -c 'moody is stale: exec:moody: out of order' "$TESTDIR/watch.err")" "how often it was stale"

it "is held up by a slow source no longer than it may last"
printf '#!/bin/sh\nexec sleep 600\n' >"$providers/cp-provider-moody"
begin=$(date +%s)
expect_status 1 timeout 100 cpfind watch --gpu B200:8 --timeout 1s
[ $(($(date +%s) - begin)) -lt 50 ] || fail "the watch took too long"
cpfind sources remove moody >/dev/null

it "prints a line an event where people look"
expect_status 0 timeout 60 cpfind watch --gpu A100:8 --count 1 --table
expect_equal 1 "$(wc -l <"$STDOUT")"
expect_match '^2[0-9-]+ [0-9:]+ .*satisfiable  a100-pool  site  cn-bj  72\.00 CNY an hour$'
expect_status 0 timeout 60 cpfind watch --gpu A100:8 --count 1 --plain
expect_stdout a100-pool

it "is ended by a signal, and says so without an answer that others would take for whole"
start_server watch cpfind watch --gpu A100:8 --every 100ms
eventually offers 1
stop_server watch INT
expect_equal 130 "$STATUS"
expect_equal 1 "$(wc -l <"$TESTDIR/watch.out")"

it "refuses a pace that is none"
expect_status 64 cpfind watch --every 1ms
expect_status 64 cpfind watch --timeout 0s
