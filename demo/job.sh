#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The demonstration's job: counts, compresses and checksums every file below src, all cores at once.
set -eu
mkdir -p results
find src -type f | LC_ALL=C sort >results/files

# One line a file: SHA-256, lines, bytes, bytes when compressed, name.
# shellcheck disable=SC2016  # the inner shell expands it
xargs -d '\n' -n 16 -P "$(nproc)" sh -c '
  for file; do
    set -- "$(sha256sum <"$file")" "$(wc -lc <"$file")" "$(gzip -9n <"$file" | wc -c)"
    printf "%s %s %s %s\n" "${1%% *}" "$(echo $2)" "$3" "$file"
  done' sh <results/files | LC_ALL=C sort -k5 >results/table

awk '{lines += $2; bytes += $3; packed += $4}
  END {printf "%d files, %d lines, %d bytes, compressed to %.0f %%\n", NR, lines, bytes, 100 * packed / bytes}' \
  results/table | tee results/summary
