#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
. "$CP_SOURCE/tests/tools/harness.sh"
need python3
second() { python3 "$CP_SOURCE/tests/tools/check_code.py" "$@"; }

it "computes the published check characters as cpid does"
jq -r '.valid[] | "\(.prefix)/\(.serial)"' "$CP_SOURCE/tests/data/identifiers.json" >bodies
jq -r '.valid[].id' "$CP_SOURCE/tests/data/identifiers.json" >ids
mapfile -t bodies <bodies
expect_equal "$(cat ids)" "$(second "${bodies[@]}")" 'second implementation'

it "agrees on a thousand codes that were just drawn"
expect_status 0 cpid init
expect_status 0 cpid mint --count 1000 --plain
cp "$STDOUT" minted
mapfile -t bodies < <(sed 's/^cp://; s/-..$//' minted)
expect_equal "$(cat minted)" "$(second "${bodies[@]}")" minted
