#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
. "$CP_SOURCE/tests/tools/harness.sh"
. "$CP_SOURCE/tests/tools/cpfind/finding.sh"

catalog site.ndjson
expect_status 0 cpfind import site.ndjson

# Arguments => what stderr says => its hint.
while IFS='|' read -r arguments message hint; do
  it "refuses $arguments"
  eval "expect_status 64 cpfind $arguments"
  expect_match "$message" "$STDERR"
  expect_match "$hint" "$STDERR"
  expect_stdout ''
done <<'CASES'
--where 'gpu.modle = H100'|^cpfind: --where: column 1: there is no field 'gpu.modle'$|did you mean gpu.model\?
--where 'cpus >= 4 and' |column 14: the name of a field is missing at the end|.
--where 'memory >= 4CNY'|column 11: |.
--where 'region like cn-*'|'\*' outside of quotes|in quotes
--where 'price.hour <= 15'|'15' has no currency|\[money\]
--where 'price.job <= 15CNY'|price.job needs a duration|--hours
--max-price 15CNY/job|needs its duration|--hours
--max-price 15CNY/month|not a unit of a price|card-hour
--max-price 15|has no currency|\[money\]
--gpu 8:H100|'H100' fits no part|VENDOR:NAMES:MEMORY:COUNT
--cpus many|--cpus: 'many' is no amount|16\+
--memory 64|'64' is no amount with a unit|64GB
--memory 64CNY|--memory: '64CNY' is no amount|64GB
--cpus 16..8|begins above its end|.
--nodes 0|between 1 and|.
--hours 0|runs for more than 0|.
--where $'name != "\xff"'|--where: '.*' is not valid UTF-8|.
--region $'*,\xff'|--region: '.*' is not valid UTF-8|.
import --name registry:local site.ndjson|'registry:local': names that begin with registry:|--name
import --name agent:x site.ndjson|'agent:x': names that begin with agent:|--name
--sort memry|--sort: there is no field 'memry'|did you mean memory\?
nosuch|.|.
CASES

it "says in which file a setting is wrong"
printf '[cpfind]\nsort = "bogus"\n' >bogus.toml
expect_status 78 cpfind --config bogus.toml
expect_match "^cpfind: bogus.toml: --sort: there is no field 'bogus'" "$STDERR"
expect_status 0 cpfind --config bogus.toml --sort name
it "shows the flags of a query in its own help"
expect_status 0 cpfind --help
expect_match '^Options of cpfind \[query\] \[OPTION\]\.\.\.:$'
expect_match '^  -g, --gpu='
it "takes money without a currency when the configuration has one"
CP_MONEY_CURRENCY=CNY expect_status 0 cpfind --max-price 10/card-hour
expect_equal a100-pool "$(names)"

it "bounds an expression"
expect_status 64 cpfind --where "$(printf 'cpus > 1 and %.0s' {1..400}) cpus > 1"
expect_match 'longer than 4096 bytes' "$STDERR"
expect_status 64 cpfind --where "$(printf '(%.0s' {1..80}) cpus > 1 $(printf ')%.0s' {1..80})"
expect_match 'nested deeper' "$STDERR"

it "treats what it is given as values, never as SQL"
expect_status 1 cpfind --where "name = \"x' OR 1=1 --\""
expect_status 1 cpfind --where "name like \"'; DROP TABLE offers; --\""
expect_status 0 cpfind --limit 0
