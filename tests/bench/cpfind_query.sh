#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Queries over a catalog of 56,671 rows, and over a million offers of 7,000 providers (or as many as
# BENCH_OFFERS and BENCH_PROVIDERS say), as whole processes: start, open, filter, sort, print.
# grep, which only looks for a word in the same catalog, is the peer.
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

offers=${BENCH_OFFERS:-1000000} providers=${BENCH_PROVIDERS:-7000}
/usr/bin/python3 "$CP_SOURCE/tests/bench/offers.py" "$offers" "$providers" >offers.ndjson
cpfind sources remove azure
cpfind import -q --name national offers.ndjson >/dev/null
rm offers.ndjson
start=$(date +%s%N)
cpfind --limit 1 >/dev/null
echo "the first query over $offers offers, which puts them in columns: $((($(date +%s%N) - start) / 1000000)) ms"
peer='cpfind --version'
many() {
  local label=$1
  shift
  compare "$label of $offers offers" --peer "$peer" --runs 31 "$@"
}
many 'few' --ours "cpfind --gpu H200:8 --region cn-sh --max-price 200CNY" --within 0.010
many 'one provider' --ours "cpfind --where 'provider = provider-7' --sort -memory" --within 0.010
many 'all, by all scores,' --ours "cpfind --sort score --limit 20" --within 0.060
many 'half, by an expression no index helps,' --ours "cpfind --hours 4 --where 'not (cpus < 16 and price.job > 900CNY) and (memory >= 64GB or rdma >= 100Gbps or disk > 4TB)' --sort score --limit 20" --within 0.060
many 'the unbeaten' --ours "cpfind --sort price,-gpu.count --pareto"
many 'two of each provider' --ours "cpfind --per-provider 2 --sort price"
finish
