#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Import of a catalog of 56,671 rows, every second of which is ragged, in place of what its source
# had before. The peer is SQLite's own shell, which takes the same file as one table of text, without
# a look at it.
. "$CP_SOURCE/tests/bench/bench.sh"
. "$CP_SOURCE/tests/bench/catalog.sh"
catalog
ours="cpfind import -q --name azure '$CATALOG'"
if command -v sqlite3 >/dev/null; then
  printf '%s\n' '.mode csv' 'DROP TABLE IF EXISTS vms;' ".import '$CATALOG' vms" >peer
  compare 'import of 56,671 rows' --ours "$ours" --peer "sh -c 'sqlite3 peer.db <peer 2>peer.err'" --within 0.5 --items 56671
else
  compare 'import of 56,671 rows' --ours "$ours" --within 0.5 --items 56671
fi
expect_status 0 cpfind sources
expect_json '.offers == 56671 and .rejected == 0'

# Documents of our own, one a line, each with a price and accelerators: 0.33 s are 300,000 a second.
awk 'BEGIN {
  for (row = 0; row < 100000; ++row) {
    printf "{\"schema\":\"cp.resource/1\",\"name\":\"pool-%d\",\"kind\":\"partition\",\"provider\":{\"name\":\"site-%d\"},\"place\":{\"country\":\"CN\",\"region\":\"cn-%d\"},\"nodes\":%d,\"node\":{\"cpu\":{\"arch\":\"x86_64\",\"cores\":%d},\"memory_bytes\":%d,\"accelerators\":[{\"vendor\":\"nvidia\",\"model\":\"H100-SXM-80GB\",\"count\":8,\"memory_bytes\":85899345920}]},\"prices\":[{\"terms\":\"on-demand\",\"unit\":\"card-hour\",\"price\":{\"amount\":\"%d.%02d\",\"currency\":\"CNY\"},\"quantum_s\":60}]}\n",
      row, row % 700, row % 60, 1 + row % 64, 32 + row % 5 * 32, (1 + row % 16) * 68719476736, 8 + row % 9, row % 100
  }
}' >documents.ndjson
compare 'import of 100,000 documents' --ours 'cpfind import -q documents.ndjson' --within 0.333 --items 100000
expect_status 0 cpfind sources
expect_json '[$all[] | select(.name == "documents") | .offers, .rejected] == [100000, 0]'
finish
