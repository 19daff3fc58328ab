#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
. "$CP_SOURCE/tests/tools/harness.sh"
manual=$CP_SOURCE/man/cpfind.man

it "has every rule of the importers, with its sentence"
cpfind --generate "man:$manual" >cpfind.1
rules=$(grep -oP 'Rule\{Fault::\w+, "\K[a-z0-9-]+' "$CP_SOURCE/lib/market/lint.cpp")
[ "$(wc -w <<<"$rules")" -gt 25 ]
for rule in $rules; do
  grep -qxF -- ".B ${rule//-/\\-}" cpfind.1 || fail "there is no $rule in the manual"
done

it "shows expressions that are read"
sed -n '/^\.SH EXPRESSIONS/,/^\.fi/{/^\.nf/,/^\.fi/p}' "$manual" | grep -v '^\.' | sed 's/\\-/-/g' >expressions
[ "$(wc -l <expressions)" -ge 5 ]
while IFS= read -r expression; do
  expect_status 1 cpfind --hours 1 --where "$expression"
done <expressions
