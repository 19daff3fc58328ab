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
finish
