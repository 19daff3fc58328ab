#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
. "$CP_SOURCE/tests/tools/harness.sh"
. "$CP_SOURCE/tests/tools/cpfind/finding.sh"

it "lists nothing where there is nothing"
expect_status 0 cpfind sources
expect_stdout ''

catalog site.ndjson
printf 'InstanceType,Price\nx,1\n' >cloud.csv
expect_status 0 cpfind import site.ndjson cloud.csv --as-of 2026-05-20T00:00:00Z --currency EUR --provider acme

it "says of each what it is, how much, how old and how dirty"
expect_status 0 cpfind sources
validate "$STDOUT"
expect_json '[$all[].name] == ["cloud", "site"] and .kind == "skypilot" and .offers == 1 and .as_of == "2026-05-20T00:00:00Z"
  and .age_s > 0 and .url == "file:cloud.csv" and .rejected == 0'
expect_status 0 cpfind --where 'provider = acme'
expect_json '.price.hour.currency == "EUR"'
expect_status 0 cpfind sources --table
expect_match '^cloud +skypilot +1 '

it "calls an old source stale, and asks it all the same"
expect_status 0 cpfind --where 'source = cloud' --max-age 1d
expect_json '[$all[-1].sources[] | select(.name == "cloud") | .status] == ["stale"]'
expect_match 'cloud is stale' "$STDERR"

it "replaces a source whole"
printf 'InstanceType,Price\ny,2\n' >cloud.csv
expect_status 0 cpfind import cloud.csv
expect_status 0 cpfind --where 'source = cloud'
expect_equal y "$(names)"

it "forgets a source, and knows a slip of the finger"
expect_status 66 cpfind sources remove clod
expect_match 'did you mean cloud\?' "$STDERR"
expect_status 0 cpfind sources remove cloud
expect_status 1 cpfind --where 'source = cloud'
expect_status 64 cpfind sources destroy site
expect_match 'remove NAME' "$STDERR"
expect_status 64 cpfind sources remove
