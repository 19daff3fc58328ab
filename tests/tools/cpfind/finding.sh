# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What the tests of cpfind share.

# catalog FILE: a small catalog of our own in FILE.
catalog() {
  cat >"$1" <<'CATALOG'
{"schema":"cp.resource/1","name":"h100-pool","kind":"partition","provider":{"name":"site"},"place":{"country":"CN","region":"cn-sh"},"nodes":16,"node":{"cpu":{"cores":112,"threads":224,"arch":"x86_64"},"memory_bytes":2199023255552,"accelerators":[{"vendor":"nvidia","model":"H100-SXM-80GB","count":8,"memory_bytes":85899345920}],"network":[{"type":"infiniband","rate_bps":400000000000,"rdma":true}]},"prices":[{"terms":"on-demand","unit":"card-hour","price":{"amount":"14.50","currency":"CNY"},"quantum_s":60,"as_of":"2026-11-01T00:00:00Z"}]}
{"schema":"cp.resource/1","name":"a100-pool","kind":"partition","provider":{"name":"site"},"place":{"country":"CN","region":"cn-bj"},"node":{"cpu":{"cores":64},"memory_bytes":1099511627776,"accelerators":[{"vendor":"nvidia","model":"A100-SXM-80GB","count":8,"memory_bytes":85899345920}]},"prices":[{"terms":"on-demand","unit":"card-hour","price":{"amount":"8.60","currency":"CNY"}},{"terms":"spot","unit":"card-hour","price":{"amount":"5.00","currency":"CNY"}}]}
{"schema":"cp.resource/1","name":"cpu-pool","kind":"partition","provider":{"name":"site"},"place":{"country":"DE","region":"eu-fra"},"node":{"cpu":{"cores":64},"memory_bytes":549755813888,"accelerators":[]},"prices":[{"terms":"on-demand","unit":"core-hour","price":{"amount":"0.10","currency":"CNY"}}]}
{"schema":"cp.resource/1","name":"dark","kind":"node","provider":{"name":"site"}}
CATALOG
}

# names: the names of the offers in $STDOUT, in a line.
names() { jq -rn '[inputs | select(.schema == "cp.offer/1") | .name] | join(" ")' "$STDOUT"; }

# data PATH: a file of the real data, in $CPTOOLS_TEST_DATA or beside the source tree; skips the test
# where it is not there.
data() {
  local folder
  for folder in "${CPTOOLS_TEST_DATA:-}" "$CP_SOURCE/../shared/data" "$CP_SOURCE/../../shared/data"; do
    if [ -n "$folder" ] && [ -e "$folder/$1" ]; then
      # shellcheck disable=SC2034  # for the test that called
      REAL=$folder/$1
      return
    fi
  done
  skip "there is no $1 in \$CPTOOLS_TEST_DATA or ../shared/data"
}
