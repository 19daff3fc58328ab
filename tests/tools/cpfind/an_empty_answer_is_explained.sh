#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
. "$CP_SOURCE/tests/tools/harness.sh"
. "$CP_SOURCE/tests/tools/cpfind/finding.sh"
catalog site.ndjson
expect_status 0 cpfind import site.ndjson

it "says what each condition removes, and what would give an offer, in the answer of a pipe"
expect_status 1 cpfind --gpu H100:8 --max-price 100CNY --region 'cn-*' --explain
validate "$STDOUT"
expect_json '.explanation.offers == 4'
expect_json '[.explanation.clauses[] | [.clause, .removed, .unknown, .alone]] == [["gpu.model in [H100]", 2, 1, 1],
  ["gpu.count >= 8", 1, 1, 0], ["region like \"cn-*\"", 1, 1, 0], ["price.hour <= 100CNY", 1, 1, 1]]'
expect_json '.explanation.clauses[0].sources == [{"name": "site", "removed": 2, "unknown": 1, "alone": 1}]'
expect_json '[.explanation.relaxations[] | [.offers, .changes]] | .[0] == [1,
  [{"clause": "price.hour <= 100CNY", "instead": "price.hour <= 116CNY"}]]
  and .[1] == [1, [{"clause": "gpu.model in [H100]", "dropped": true}]]'

it "takes the words of the explanation as its question again"
expect_status 0 cpfind --where 'gpu.model in [H100] and gpu.count >= 8 and region like "cn-*" and price.hour <= 116CNY'
expect_equal h100-pool "$(names)"

it "has no changes to tell where something matches, and says nothing of it where nobody asked"
expect_status 0 cpfind --gpu H100:8 --explain
expect_json '$all[-1].explanation | has("clauses") and (has("relaxations") | not)'
expect_status 1 cpfind --gpu H100:16
expect_json '$all[-1] | has("explanation") | not'

it "tells people under the table"
expect_status 1 cpfind --gpu H100:8 --max-price 100CNY --explain --table
expect_match '^  price.hour <= 100CNY: [0-9]+ removed, [0-9]+ not known; 1 fail in this alone$'
expect_match '^1 offer: price.hour <= 116CNY instead of price.hour <= 100CNY$'
expect_match '^1 offer: without gpu.model in \[H100\]$'

it "names flags and the policies of resources as what removes, and changes no policy"
jq -c 'select(.name == "h100-pool") | .name = "shy" | .policy = "demand.nodes > 4"' site.ndjson >shy.ndjson
expect_status 0 cpfind import shy.ndjson
expect_status 1 cpfind --where 'source = shy' --spot --runnable --explain
expect_json '[.explanation.clauses[] | [.clause, .removed]] == [["source = shy", 4], ["--spot", 4], ["--runnable", 5]]'
expect_json '[.explanation.relaxations[] | [.changes[].clause]] == [["source = shy", "--runnable"]]' # of the spot price
expect_status 1 cpfind --where 'source = shy' --explain
expect_json '[.explanation.clauses[] | [.clause, .removed]] == [["source = shy", 4], ["policy", 1]]'
expect_json '.explanation.relaxations[0].changes == [{"clause": "source = shy", "dropped": true}]'
