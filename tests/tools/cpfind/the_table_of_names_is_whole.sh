#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
. "$CP_SOURCE/tests/tools/harness.sh"
. "$CP_SOURCE/tests/tools/cpfind/finding.sh"

it "lists each field with its type, document, path and meaning"
expect_status 0 cpfind fields
validate "$STDOUT"
expect_json '[$all[] | select(.name == "gpu.memory")][0] | .type == "bytes" and .unit == "bytes"
  and .path == "node.accelerators[].memory_bytes" and .document == "resource"'
cp "$STDOUT" fields

it "each of them can be asked for and sorted by"
catalog site.ndjson
expect_status 0 cpfind import site.ndjson
while IFS=$'\t' read -r name type; do
  case $type in
    text | model) condition="$name = x" ;;
    bytes) condition="$name >= 1GB" ;;
    rate) condition="$name >= 1Gbps" ;;
    duration) condition="$name >= 1h" ;;
    money) condition="$name >= 1CNY" ;;
    boolean) condition="$name = true" ;;
    *) condition="$name >= 1" ;;
  esac
  cpfind --hours 1 --where "$condition" --sort "-$name" --include-unknown >out 2>err || [ $? -eq 1 ] ||
    fail "$condition: $(cat err)"
done < <(jq -r '[.name, .type] | @tsv' fields)

it "draws them as a table"
expect_status 0 cpfind fields --table
expect_match '^price\.job +money'
