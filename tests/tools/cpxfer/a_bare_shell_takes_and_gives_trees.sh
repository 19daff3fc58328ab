#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A far end without cpxfer: its shell does what it can, whichever shell and tools it has.
. "$CP_SOURCE/tests/tools/harness.sh"
. "$CP_SOURCE/tests/tools/cpxfer/moving.sh"
. "$CP_SOURCE/tests/tools/cpxfer/ssh.sh"
. "$CP_SOURCE/tests/tools/cpxfer/bare.sh"

need busybox
plant_tree src
plant_tree little
rm little/d/sparse little/d/inner/big
find little/many -name '[b-z]*' -type f -delete
touch -d '2001-09-09 01:46:40.5Z' little/many
start_sshd far

# What tools without an extended header, and touch without -d, can keep: seconds since 1970, and none of links.
roughly() { LC_ALL=C sed -E '/^empty /d; s/^(.* l [0-9]+) [-0-9.]+/\1/; s/^(.* [0-9]+ [0-9]+)\.[0-9]+ /\1 /' <<<"$1"; }

for kind in gnu busybox poor; do
  "bare_$kind"
  tree=src
  [ $kind != poor ] || tree=little
  same() { if [ $kind = gnu ]; then echo "$1"; else roughly "$1"; fi; }

  it "takes a tree with its names, modes, times, links and empty directories, and says how ($kind)"
  expect_status 0 cpxfer $tree/ far:tree
  validate "$STDOUT"
  expect_match '^cpxfer: far: there is no cpxfer in the PATH there; going through the shell there' "$STDERR"
  expect_json '.state == "done" and .failed == [] and .files.total == .files.done and .bytes.moved == .bytes.total'
  expect_json '.rails == [{kind: "ssh", provider: "sh", streams: 1, bytes: .bytes.moved}] and .encrypted'
  digest=$(jq -r .digest.value "$STDOUT")
  expect_equal "$(same "$(list $tree)")" "$(same "$(list "$FAR/tree")")"
  expect_status 0 diff -r --no-dereference $tree "$FAR/tree"
  expect_equal "$(cpxfer hash --plain $tree/)" "$digest" "the digest"

  it "gives it back with the same digest ($kind)"
  rm -rf back
  expect_status 0 cpxfer far:tree/ back
  validate "$STDOUT"
  expect_json '.state == "done" and .files.total == .files.done and .bytes.moved == .bytes.total'
  expect_json '.rails[0] == {kind: "ssh", provider: "sh", streams: 1, bytes: .bytes.moved} and .encrypted'
  expect_json ".digest.value == \"$digest\""
  expect_status 0 diff -r --no-dereference $tree back
  [ $kind = poor ] || expect_equal "$(same "$(list $tree)")" "$(same "$(list back)")"

  it "leaves nothing of its own behind ($kind)"
  expect_equal "" "$(left_behind .)$(left_behind "$FAR")"
  expect_equal "" "$(ls -A "$XDG_RUNTIME_DIR/cptools")"

  it "puts things where rsync would, and takes no part of a path as a command ($kind)"
  expect_status 0 cpxfer $tree/many $tree/small far:two/
  expect_equal "many small" "$(find "$FAR/two" -mindepth 1 -maxdepth 1 -printf '%f\n' | sort | tr '\n' ' ' | sed 's/ $//')"
  expect_status 0 cpxfer $tree/small far:renamed
  expect_equal hello "$(cat "$FAR/renamed")"
  expect_status 0 cpxfer $tree/small far:
  expect_equal hello "$(cat "$FAR/small")"
  expect_status 0 cpxfer -T $tree/d "far:$FAR/three"
  expect_status 0 diff -r --no-dereference $tree/d "$FAR/three"
  rm -rf here
  expect_status 0 cpxfer far:renamed far:two/small far:~/two/many here
  expect_equal "many renamed small" "$(find here -mindepth 1 -maxdepth 1 -printf '%f\n' | sort | tr '\n' ' ' | sed 's/ $//')"
  odd='$(touch pwned) ; `touch pwned` '\''"*?'$'\n'"'\"\$nl\"'"'-rf'
  expect_status 0 cpxfer $tree/small "far:$odd"
  expect_equal hello "$(cat "$FAR/$odd")"
  expect_status 0 cpxfer "far:$odd" odd
  expect_equal hello "$(cat odd)"
  there=()
  for odd in -n '(' '~' '\n'; do
    expect_status 0 cpxfer $tree/small "far:odd/$odd"
    there+=("far:odd/$odd")
  done
  for odd in '!' = \\ ' ' '*' '$HOME' '#' '&'; do
    echo hello >"$FAR/odd/$odd"
    there+=("far:odd/$odd")
  done
  expect_status 0 cpxfer "${there[@]}" odds
  expect_status 0 diff -r "$FAR/odd" odds
  rm -r odd odds
  expect_equal "" "$(find . "$FAR" -name 'pwned*')"
  rm -rf "${FAR:?}"/*
done
