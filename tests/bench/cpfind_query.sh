#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Queries over a catalog of 56,671 rows as whole processes: start, open, filter, sort, print. grep,
# which only looks for a word in the same file, is the peer.
. "$CP_SOURCE/tests/bench/bench.sh"
. "$CP_SOURCE/tests/bench/catalog.sh"
catalog
cpfind import -q --name azure "$CATALOG" >/dev/null
peer="grep -c us '$CATALOG'"
query() {
  local label=$1
  shift
  compare "$label" --ours "cpfind $*" --peer "$peer" --within 0.015 --runs 31
}
query 'by size, region and price' "--cpus 16+ --memory 64GB+ --region '*us*' --max-price 5USD --sort price"
query 'by an accelerator' "--gpu A100:4 --hours 4 --sort price.card_hour"
query 'by an expression' "--where 'cpus in [8..64] and (memory >= 128GB or not region like \"*us*\")' --sort -memory,name"
query 'all of it, the cheapest first' "--sort price"
finish
