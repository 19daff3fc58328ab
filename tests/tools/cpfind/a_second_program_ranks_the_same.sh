#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
. "$CP_SOURCE/tests/tools/harness.sh"
. "$CP_SOURCE/tests/tools/cpfind/finding.sh"
need python3

# ordered N score|price HOME: whether order.py orders the N offers of $STDOUT as they stand there.
ordered() {
  local count
  count=$(python3 "$CP_SOURCE/tests/tools/cpfind/order.py" "$2" "$3" <"$STDOUT" 2>"$TESTDIR/order") ||
    fail "$(cat "$TESTDIR/order")"
  expect_equal "$1" "$count" "how many were ordered"
}
# offers N PRICES: N resources, many of them alike, with prices of PRICES sizes, some without one.
offers() {
  jq -cn --argjson n "$1" --argjson prices "$2" 'range($n) as $i | {schema: "cp.resource/1", kind: "node",
    name: (if $i % 11 == 0 then null else "N\($i % 7)-\(if $i % 2 == 0 then "a" else "B" end)" end),
    provider: {name: "p\($i % 5)"}, node: {cpu: {cores: ($i % 64 + 1)}, accelerators: []}} |
    if $i % 13 == 0 then . else .prices = [{unit: (if $i % 3 == 0 then "core-hour" else "node-hour" end),
      price: {amount: "\($i * 37 % $prices).25", currency: (if $i % 17 == 0 then "USD" else "CNY" end)}}] end
    | del(..|nulls)'
}
cpid init >/dev/null
printf 'name = "here"\n[[prices]]\nterms = "internal"\nunit = "core-hour"\nprice = { amount = "0.10", currency = "CNY" }\n' >site.toml
cpid describe --from local --with site.toml | cpid register >/dev/null

for size in 300 2100; do
  it "orders $size offers by score and by price as cpfind does, ties and all"
  offers "$size" 23 >many.ndjson
  cpfind import many.ndjson >/dev/null
  count=$((size + 1))
  for question in '--sort score' '--sort score --hours 3' '--sort price,name --hours 3'; do
    by=${question#--sort }
    by=${by%%[, ]*}
    # shellcheck disable=SC2086  # several words
    expect_status 0 env CP_MONEY_CURRENCY=CNY cpfind $question --limit 0
    ordered "$count" "$by" CNY
    jq -c 'select(.schema == "cp.offer/1") | [.source.name, .source.line]' "$STDOUT" >all
    # shellcheck disable=SC2086
    expect_status 0 env CP_MONEY_CURRENCY=CNY cpfind $question --limit 40
    ordered 40 "$by" CNY
    expect_equal "$(head -n 40 all)" "$(jq -c 'select(.schema == "cp.offer/1") | [.source.name, .source.line]' "$STDOUT")" \
      "the first 40 of all"
  done
  expect_status 0 env CP_MONEY_CURRENCY=USD cpfind --sort score --limit 0
  ordered "$count" score USD
done

it "finds an order that is wrong, and a score that is"
expect_status 0 env CP_MONEY_CURRENCY=CNY cpfind --sort score --limit 40
check() { python3 "$CP_SOURCE/tests/tools/cpfind/order.py" score CNY; }
jq -c 'if .rank == 7 then .scores.cost.input += 3 else . end' "$STDOUT" | check >out 2>err && fail "a wrong input was not found"
jq -cs '.[:-1] | [.[39], .[1:39][], .[0]] | to_entries[] | .value.rank = .key + 1 | .value' "$STDOUT" | check >out 2>err &&
  fail "a wrong order was not found"
expect_match 'not the same order' err
