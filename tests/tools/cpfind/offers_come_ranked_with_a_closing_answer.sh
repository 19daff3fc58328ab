#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
. "$CP_SOURCE/tests/tools/harness.sh"
. "$CP_SOURCE/tests/tools/cpfind/finding.sh"

catalog site.ndjson
it "imports a catalog and says what it took"
expect_status 0 cpfind import site.ndjson
validate "$STDOUT"
expect_json '.name == "site" and .kind == "ndjson" and .offers == 4 and .rejected == 0 and .rules == []'

it "prints offers, the best first, and one answer last"
expect_status 0 cpfind --gpu 8 --hours 4
validate "$STDOUT"
expect_equal 'a100-pool h100-pool' "$(names)"
expect_json '[$all[].schema] == ["cp.offer/1", "cp.offer/1", "cp.answer/1"] and [$all[:2][].rank] == [1, 2]'
expect_json '$all[2] | .matched == 2 and .shown == 2 and .unknown == 1 and .sources[0].status == "answered"'

it "prices the whole job exactly"
expect_json '$all[1] | .price.hour == {amount: "116.00", currency: "CNY"} and .price.card_hour.amount == "14.50"
  and .price.job.amount == "464.00" and .price.job.compute == "464.00" and .price.as_of == "2026-11-01T00:00:00Z"'

it "puts the demand and what it gets of the resource into each offer"
expect_json '.demand.gpu.count == 8 and .demand.duration_s == 14400 and .units == {nodes: 1, cards: 8, cores: 64}
  and .node.memory_bytes == 1099511627776'

it "believes no catalog"
expect_json 'all($all[:2][]; .runnable == false and .source.trust == "unsigned" and .availability.verdict == "unknown"
  and (has("resource") or has("access") | not))'

it "takes families, exact names, memory and vendors"
expect_status 0 cpfind --gpu H100:8
expect_equal h100-pool "$(names)"
expect_status 0 cpfind --gpu nvidia:H100,A100:80GB..:4
expect_equal 'a100-pool h100-pool' "$(names)"
expect_json '.price.hour.amount == "34.40" and .units.cards == 4'
expect_status 1 cpfind --gpu H100-NVL:8
expect_status 1 cpfind --gpu amd:8

it "takes CPUs, memory, regions, prices and expressions together"
expect_status 0 cpfind --cpus 64+ --memory 512GB+ --region 'cn-*,eu-*' --max-price 7CNY --where 'country in [CN, DE]'
expect_equal cpu-pool "$(names)"
expect_status 0 cpfind --max-price 9CNY/card-hour
expect_equal a100-pool "$(names)"
expect_status 0 cpfind --gpu 8 --max-price 300CNY/job --hours 4
expect_equal a100-pool "$(names)"

it "keeps what no other offer beats, and so many of each provider"
expect_status 0 cpfind --gpu 8 --pareto
expect_equal 'a100-pool h100-pool' "$(names)"
expect_status 0 cpfind --gpu 8 --sort price,-gpu.count --pareto
expect_equal a100-pool "$(names)"
expect_json '$all[-1] | .matched == 2 and .shown == 1'
expect_status 0 cpfind --gpu 8 --per-provider 1
expect_equal a100-pool "$(names)"
expect_status 64 cpfind --per-provider -1

it "sorts by any field and shows as many as are asked for"
expect_status 0 cpfind --sort -memory --limit 2
expect_equal 'h100-pool a100-pool' "$(names)"
expect_json '$all[-1] | .matched == 4 and .shown == 2'
expect_status 0 cpfind --limit 0 --sort name
expect_equal 'a100-pool cpu-pool dark h100-pool' "$(names)"

it "counts spot prices only when that is asked"
expect_status 0 cpfind --spot
expect_equal a100-pool "$(names)"
expect_json '.price.terms == "spot" and .price.card_hour.amount == "5.00"'

it "shows what could not be judged when that is asked"
expect_status 0 cpfind --gpu 8 --include-unknown
validate "$STDOUT"
expect_equal 'a100-pool h100-pool dark' "$(names)"
expect_json '$all[2].missing | index("gpu.count") != null'

it "lets the scores be computed again in another language"
cat >again.py <<'PY'
import json, sys
for line in sys.stdin:
    offer = json.loads(line)
    if offer["schema"] != "cp.offer/1":
        continue
    total = weight = 0
    for name, score in offer["scores"].items():
        if name == "total":
            continue
        value = 0 if score["input"] is None else min(10, max(
            0, 10 * (score["input"] - score["worst"]) / (score["best"] - score["worst"])))
        assert abs(value - (score["value"] or 0)) <= 0.01, (name, score)
        total += value * score["weight"]
        weight += score["weight"]
    assert abs(total / weight - offer["scores"]["total"]) <= 0.01, offer["scores"]
PY
expect_status 0 cpfind --limit 0 --hours 2
cp "$STDOUT" offers
expect_status 0 python3 again.py <offers

it "draws a table for people, with the sums below"
expect_status 0 cpfind --table --gpu 8 --hours 4
expect_match '^RESOURCE +PROVIDER +REGION'
expect_match '^a100-pool .* 68\.80 CNY +275\.20 CNY'
expect_match '^2 of 2 offers; 1 could not be judged'
expect_no_match 'cp\.answer'

it "gives scripts one value a line"
expect_status 0 cpfind --plain --sort name
expect_stdout 'a100-pool
cpu-pool
dark
h100-pool'

it "fits a terminal of 80 columns: what says nothing goes, then the bars, then the last columns, and no line is cut in two"
need script
TERM=xterm script -qec 'stty cols 80; NO_COLOR=1 cpfind --gpu 8 --hours 4' /dev/null | tr -d '\r' >"$STDOUT"
expect_match '^a100-po[^ ]+ +site +cn-bj .* 68\.80 CNY +275\.20 CNY( +[0-9.]+)?$'
expect_no_match 'unknown'
expect_no_match '.{81}'
TERM=xterm script -qec 'stty cols 200; NO_COLOR=1 cpfind --gpu 8 --hours 4' /dev/null | tr -d '\r' >"$STDOUT"
expect_match '^a100-pool .* unknown +█+'

it "calculates with prices, rates and amounts, and sorts by the rates of the table of accelerators"
expect_status 0 cpfind --where 'price.card_hour / gpu.flops_fp16 <= 0.02CNY'
expect_equal h100-pool "$(names)"
expect_status 0 env CP_MONEY_CURRENCY=CNY cpfind --where 'price.card_hour / gpu.flops_fp16 <= 0.03'
expect_equal 'a100-pool h100-pool' "$(names)"
expect_status 0 cpfind --where '(memory - 64GB) / gpu.count >= 200GB or memory / cpus = 8GiB'
expect_equal 'cpu-pool h100-pool' "$(names | tr ' ' '\n' | sort | paste -sd ' ')"
expect_status 0 cpfind --sort -gpu.flops_fp16 --where 'gpu.flops_fp16 > 100TFLOPS'
expect_equal 'h100-pool a100-pool' "$(names)"
expect_status 1 cpfind --where 'price.card_hour / gpu.flops_fp16 <= 0.02USD' --explain
expect_json '.unknown == 3 and .explanation.clauses[0].clause == "price.card_hour / gpu.flops_fp16 <= 0.02USD"'
expect_status 64 cpfind --where 'price.hour / cpus < 3'
expect_match 'has no currency' "$STDERR"

it "draws price against performance as a picture that holds names as text"
jq -c '.name = "<script>&\u001b[31m" | .provider.name = "]]>" | .prices[0].price.amount = "9"' site.ndjson | head -n 1 >evil.ndjson
expect_status 0 cpfind import evil.ndjson
expect_status 0 cpfind --gpu 8 --plot offers.svg
/usr/bin/python3 - offers.svg <<'PYTHON' || fail "offers.svg is not as it should be: $(cat offers.svg)"
import sys, xml.etree.ElementTree as tree
svg = "{http://www.w3.org/2000/svg}"
root = tree.parse(sys.argv[1]).getroot()
assert root.tag == svg + "svg"
assert {e.tag for e in root.iter()} <= {svg + t for t in ("svg", "title", "rect", "text", "line", "path", "circle")}
texts = [e.text for e in root.iter(svg + "text")]
assert "3 offers, 2 that no other one beats" in texts, texts
assert "price of an hour, CNY" in texts and "peak rate of all accelerators, TFLOP/s (fp16)" in texts, texts
points = [(float(c.get("cx")), float(c.get("cy")), c.get("fill")) for c in root.iter(svg + "circle")]
assert len(points) == 3 and points == sorted(points), points
assert [p[2] for p in points].count("#c03020") == 2
assert any("<script>&" in t for t in texts), texts
PYTHON
expect_status 73 cpfind --gpu 8 --plot nowhere/offers.svg
