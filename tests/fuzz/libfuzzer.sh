#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# libfuzzer.sh PROGRAM SECONDS SEED_FILE…: gives libFuzzer the seeds, one file each, and SECONDS.
# What breaks the program is printed by it, as base64 too, and stays nowhere.
set -euo pipefail
program=$1 seconds=$2
shift 2

corpus=$(mktemp -d)
trap 'rm -rf "$corpus"' EXIT
for file; do
  case $file in
    *.txt) split --lines=1 --suffix-length=4 "$file" "$corpus/$(basename "$file")." ;;
    *) cp "$file" "$corpus" ;;
  esac
done
cd "$corpus"
"$program" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=2048 -max_len=65536 \
  -print_final_stats=1 -verbosity=1 -artifact_prefix="$corpus/" "$corpus"
