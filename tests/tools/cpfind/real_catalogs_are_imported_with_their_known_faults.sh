#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
. "$CP_SOURCE/tests/tools/harness.sh"
. "$CP_SOURCE/tests/tools/cpfind/finding.sh"

data skypilot/azure/vms.csv
cd "${REAL%/skypilot/*}"

# rule NAME: how many rows of the import in $STDOUT broke it.
rule() { jq --arg rule "$1" '[.rules[] | select(.rule == $rule) | .rows] | add // 0' "$STDOUT"; }

it "azure: 27,141 rows are ragged, and no row is lost"
expect_status 0 cpfind import -q skypilot/azure/vms.csv
validate "$STDOUT"
expect_json '.name == "azure" and .offers == 56671 and .rejected == 0'
expect_equal 27141 "$(rule ragged-row)"
expect_equal 21 "$(rule accelerator-without-name)"

it "hyperstack: Python literals with null, LF ends; one type differs by region"
expect_status 0 cpfind import -q skypilot/hyperstack/vms.csv
expect_json '.offers == 25 and .rules == []'
expect_status 0 cpfind --where 'provider = hyperstack and name = "n3-H100-SXM5x8"' --sort memory
expect_json '[$all[:2][] | .place.region, .node.memory_bytes / 1073741824] == ["US-1", 960, "CANADA-1", 1800]
  and .node.accelerators[0].model == "H100-SXM-80GB"'

it "jarvislabs: CR LF ends"
expect_status 0 cpfind import -q skypilot/jarvislabs/vms.csv
expect_json '.offers == 29 and .rules == []'

it "verda: the total of all cards as that of one, also in the name"
expect_status 0 cpfind import -q skypilot/verda/vms.csv
expect_json '.offers == 45'
expect_equal 5 "$(rule gpu-name-carries-total)"
expect_equal 31 "$(rule gpu-memory-is-total)"
expect_status 0 cpfind --where 'provider = verda and gpu.count >= 1' --limit 0
expect_json 'all($all[:-1][].node.accelerators[0]; .memory_bytes < 310000000000 and (.model | test("(160|320|640)GB") | not))'

it "lambda: a Cartesian product becomes one row a type without a region"
expect_status 0 cpfind import -q skypilot/lambda/vms.csv
expect_json '.offers == 25 and .merged == 400'
expect_equal 400 "$(rule every-type-in-every-region)"
expect_equal 238 "$(rule gpu-total-is-one-card)"
expect_status 0 cpfind --where 'provider = lambda' --limit 0
expect_json 'all($all[:-1][]; has("place") | not)'

it "slurm's price list is no catalog of machines"
expect_status 65 cpfind import skypilot/slurm/pricing.csv
expect_match "pricing\.csv:2: rejected: no-instance-type" "$STDERR"
expect_match 'not one of its rows can be used' "$STDERR"

it "SpareCores: inactive servers are kept out, slices are no cards, 65536 MiB stay 64 GiB"
expect_status 0 cpfind import -q sparecores/servers.ndjson
validate "$STDOUT"
expect_json '.kind == "sparecores" and .offers == 5056 and .rejected == 120'
expect_equal 120 "$(rule inactive)"
expect_status 0 cpfind --where 'name = ecs.av8m.16xlarge'
expect_json '.node.accelerators[0] | .native_name == "VG1000" and .memory_bytes == 64 * 1073741824'
expect_status 65 cpfind import -q sparecores/regions.ndjson

it "the Open Science Grid: what is active has a place, and what computes is a cluster"
expect_status 0 cpfind import -q osg-topology
validate "$STDOUT"
expect_json '.kind == "osg" and .offers == 237 and .rejected == 102'
expect_equal 102 "$(rule inactive)"
expect_equal 3 "$(rule name-twice)"
expect_status 0 cpfind --where 'kind = cluster and name = "ASU-Sol-CE1"'
expect_json '.provider == "Arizona State University" and .kind == "cluster" and (.node | not)'

it "TOP500: 500 clusters, with a country each"
expect_status 0 cpfind import -q top500/TOP500_202606.csv
validate "$STDOUT"
expect_json '.kind == "top500" and .offers == 500 and .rules == []'
expect_status 0 cpfind --where 'country = CN and source = TOP500_202606' --limit 0
expect_json '$all[-1].shown == 31'
expect_status 0 cpfind --where 'gpu.model = MI300A' --limit 0
expect_json '$all[-1].shown == 13'

it "one accelerator has one name in all of them"
expect_status 0 cpfind --gpu A6000 --limit 0
expect_json '[$all[:-1][] | .node.accelerators[0].native_name] | unique | length >= 2'
expect_json '[$all[:-1][] | .node.accelerators[0].model] | unique == ["RTX-A6000"]'

it "every offer of every catalog fits its schema, and the answer adds up"
expect_status 0 cpfind --where 'not provider = azure' --limit 0
validate "$STDOUT"
expect_status 0 cpfind --gpu H100:8 --hours 4 --sort price.card_hour
validate "$STDOUT"
expect_json '[$all[:-1][] | .price.card_hour.amount | tonumber] | . == sort'

it "counts each row once, whatever is asked"
expect_status 0 cpfind --limit 1
all=$(jq -n '[inputs] | .[-1].matched' "$STDOUT")
for condition in 'cpus >= 16' 'gpu.model = H100' 'memory < 64GB' 'region like "*east*"' 'price.hour <= 1USD'; do
  yes=0 no=0 unknown=0
  cpfind --limit 1 --where "$condition" >out || true
  yes=$(jq -n '[inputs] | .[-1].matched' out) unknown=$(jq -n '[inputs] | .[-1].unknown' out)
  cpfind --limit 1 --where "not ($condition)" >out || true
  no=$(jq -n '[inputs] | .[-1].matched' out)
  expect_equal "$all" $((yes + no + unknown)) "$condition: $yes + $no + $unknown"
done
