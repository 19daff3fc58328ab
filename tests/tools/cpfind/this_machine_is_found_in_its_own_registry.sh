#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
. "$CP_SOURCE/tests/tools/harness.sh"
. "$CP_SOURCE/tests/tools/cpfind/finding.sh"

it "has no registry before cpid init"
expect_status 1 cpfind
expect_json '.sources == []'

cpid init >/dev/null
cat >site.toml <<'TOML'
name = "here"
[[prices]]
terms = "internal"
unit = "core-hour"
price = { amount = "0.10", currency = "CNY" }
TOML
cpid describe --from local --with site.toml | cpid register >registered

it "finds this machine, verified and runnable, with what is free now"
expect_status 0 cpfind --cpus 1+ --hours 2
validate "$STDOUT"
expect_json '.runnable and .source.name == "registry:local" and .source.trust == "verified" and .name == "here"
  and .access[0].url == "local:" and .price.job == {amount: "0.20", currency: "CNY", compute: "0.20"}'
expect_json '.availability | (.verdict == "free" or .verdict == "busy") and .cores_free >= 0 and .memory_free_bytes > 0
  and has("observed_at")'
expect_equal "$(jq -r .id registered)" "$(jq -rn 'input | .resource' "$STDOUT")" "the offer's resource"
expect_json '$all[-1].sources == [{name: "registry:local", status: "answered", age_s: 0, offers: 1}]'

it "lists the registry among the sources"
expect_status 0 cpfind sources
validate "$STDOUT"
expect_json '.name == "registry:local" and .kind == "registry" and .offers == 1 and .trusted'

it "keeps what can be run on apart from what cannot"
catalog site.ndjson
expect_status 0 cpfind import site.ndjson
expect_status 0 cpfind --limit 0
expect_json '$all[-1].matched == 5'
expect_status 0 cpfind --limit 0 --runnable
expect_json '$all[-1].matched == 1 and .name == "here"'
expect_status 0 cpfind --where 'trust = verified and runnable'
expect_equal here "$(names)"

it "gives scripts the identifier"
expect_status 0 cpfind --runnable --plain
expect_stdout "$(jq -r .id registered)"

it "goes on with the catalogs when the registry is broken, and says so"
chmod u+w "$CP_STATE_DIR/identity.db"
rm -f "$CP_STATE_DIR"/identity.db-wal "$CP_STATE_DIR"/identity.db-shm
head -c 8192 /dev/urandom >"$CP_STATE_DIR/identity.db"
expect_status 0 cpfind --gpu 8
expect_equal 'a100-pool h100-pool' "$(names)"
expect_json '[$all[-1].sources[] | select(.name == "registry:local") | .status] == ["missing"]'
expect_match '^cpfind: registry:local: ' "$STDERR"
