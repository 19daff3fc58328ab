#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
. "$CP_SOURCE/tests/tools/harness.sh"
. "$CP_SOURCE/tests/tools/cpxfer/moving.sh"
. "$CP_SOURCE/tests/tools/cpxfer/ssh.sh"

plant_tree src
start_sshd far

it "pushes a tree with its names, modes, times, links and empty directories"
expect_status 0 cpxfer src/ far:tree
validate "$STDOUT"
expect_json '.state == "done" and .failed == [] and .files.total == .files.done and .bytes.moved == .bytes.total'
expect_json '(.rails | map(del(.window_bytes, .rtt_s))) == [{kind: "ssh", streams: 2, bytes: .bytes.moved}] and .bytes.wire > .bytes.moved - 67108864 and .bytes.wire < .bytes.moved / 2 and .encrypted == true'
expect_equal "$(list src)" "$(list "$FAR/tree")"
expect_status 0 diff -r --no-dereference src "$FAR/tree"
[ "$(stat -c %b "$FAR/tree/d/sparse")" -lt 4096 ] || fail "the hole of the sparse file is filled"

it "pulls it with the same digest"
expect_status 0 cpxfer far:tree/ back
validate "$STDOUT"
expect_json '.state == "done" and .files.total == .files.done and .bytes.moved == .bytes.total'
expect_json '.rails[0].kind == "ssh" and .encrypted == true'
expect_equal "$(list src)" "$(list back)"
expect_status 0 diff -r --no-dereference src back
expect_status 0 cpxfer src/ copy
jq -r .digest.value "$STDOUT" >digest
expect_status 0 cpxfer far:tree/ again
expect_equal "$(cat digest)" "$(jq -r .digest.value "$STDOUT")" "digests of one tree"

it "leaves nothing of its own behind, and no control socket"
expect_equal "" "$(left_behind .)$(left_behind "$FAR")"
expect_equal "" "$(ls -A "$XDG_RUNTIME_DIR/cptools")"

it "puts a directory without a slash under its name, and one file under the name that it is given"
expect_status 0 cpxfer src/many src/small far:two/
expect_equal "many small" "$(find "$FAR/two" -mindepth 1 -maxdepth 1 -printf '%f\n' | sort | tr '\n' ' ' | sed 's/ $//')"
expect_status 0 cpxfer src/small far:renamed
expect_equal hello "$(cat "$FAR/renamed")"
expect_status 0 cpxfer -T src/d/inner "far:$FAR/three"
expect_status 0 diff -r --no-dereference src/d/inner "$FAR/three"
expect_status 0 cpxfer far:renamed far:two/small far:~/two/many here
expect_equal "many renamed small" "$(find here -mindepth 1 -maxdepth 1 -printf '%f\n' | sort | tr '\n' ' ' | sed 's/ $//')"
expect_status 0 cpxfer -T far:three back-three
expect_status 0 diff -r --no-dereference src/d/inner back-three

it "takes a relative path from the home there, an absolute one as it is, and no part of one as a command"
expect_status 0 cpxfer src/small far:
expect_equal hello "$(cat "$FAR/small")"
expect_status 0 cpxfer src/small "far:$FAR/absolute/"
expect_equal hello "$(cat "$FAR/absolute/small")"
odd='$(touch pwned) ; `touch pwned` '\''"*?'$'\n''-rf'
expect_status 0 cpxfer src/small "far:$odd"
expect_equal hello "$(cat "$FAR/$odd")"
expect_status 0 cpxfer "far:$odd" odd
expect_equal hello "$(cat odd)"
expect_equal "" "$(find . "$FAR" -name 'pwned*')"

it "follows a link that the user names there, and writes through none that is in the way"
mkdir "$FAR/real"
ln -s real "$FAR/link"
expect_status 0 cpxfer src/small far:link/
expect_equal hello "$(cat "$FAR/real/small")"
mkdir -p tree/link
echo other >tree/link/file
expect_status 77 cpxfer tree/ far:
expect_match '^cpxfer: cannot move far:./link/file: a symbolic link stands in the way' "$STDERR"
expect_equal small "$(ls -A "$FAR/real")"

it "brings links that stay within the tree, and refuses those that lead out of it"
mkdir "$FAR/links"
ln -s /etc/passwd "$FAR/links/out"
ln -s a/b "$FAR/links/in"
expect_status 1 cpxfer far:links/ links
expect_equal a/b "$(readlink links/in)"
expect_equal "" "$(ls links/out 2>/dev/null)"
mkdir out
ln -s /etc/passwd out/out
expect_status 0 cpxfer out/ far:out
expect_equal /etc/passwd "$(readlink "$FAR/out/out")"

it "shows what would land there and does nothing"
expect_status 0 cpxfer -n src/d far:four
validate "$STDOUT"
expect_json '.state == "planned" and .plan == [{from: "src/d", to: "far:four/d"}]'
expect_status 0 cpxfer -n --table src/small far:
expect_match '^src/small -> far:small$'
expect_equal "" "$(ls -d "$FAR/four" 2>/dev/null)"

it "takes as many streams as are asked for, and the rail ssh by name"
expect_status 0 cpxfer --rail ssh --streams 7 src/ far:seven
expect_json '.rails[0].streams == 7'
expect_status 0 diff -r --no-dereference src "$FAR/seven"
expect_status 0 cpxfer --streams 1 far:seven/ seven
expect_status 0 diff -r --no-dereference src seven

# An ssh that does as WORDS say for the streams' own connections, and waits with the first for one of them.
ssh_where_streams() {
  printf '%s\n' '#!/bin/sh' 'case "$*" in' '*ControlPath=none*)' ': >"$TESTDIR/own"' "$1" ';;' '*ControlMaster=yes*)' \
    'n=0; until [ -e "$TESTDIR/own" ]; do n=$((n + 1)); [ $n -lt 100 ] || exit 255; sleep 0.1; done' ';;' 'esac' \
    "exec ssh -F '$SSH_CONFIG' \"\$@\"" >wrapped
  chmod +x wrapped
  rm -f "$TESTDIR/own"
}

it "lets streams log in while the talk does, where nobody can be asked"
ssh_where_streams :
expect_status 0 setsid -w cpxfer --ssh ./wrapped src/ far:early
expect_json '.rails[0].streams == 2'
expect_status 0 diff -r --no-dereference src "$FAR/early"

it "goes through the first connection where streams are not let in on their own"
ssh_where_streams 'echo "Permission denied (password)." >&2; exit 255'
expect_status 0 setsid -w cpxfer --ssh ./wrapped far:early/ denied
expect_json '.rails[0].streams == 2'
expect_status 0 diff -r --no-dereference src denied

it "lets TCP streams go beside ssh where both ends are one host, and says that they are clear"
expect_status 0 cpxfer --rail tcp --streams 3 src/ far:tcp
expect_json '(.rails | map(del(.window_bytes, .rtt_s))) == [{kind: "tcp", streams: 3, bytes: .bytes.moved}] and .encrypted == false'
expect_status 0 diff -r --no-dereference src "$FAR/tcp"
expect_status 0 cpxfer --rail tcp far:tcp/ back-tcp
expect_status 0 diff -r --no-dereference src back-tcp

it "encrypts them there, too, when that is wanted"
expect_status 0 cpxfer --rail tcp --encrypt --streams 3 src/ far:sealed
expect_json '(.rails | map(del(.window_bytes, .rtt_s))) == [{kind: "tcp", streams: 3, bytes: .bytes.moved}] and .encrypted'
expect_status 0 diff -r --no-dereference src "$FAR/sealed"
expect_status 0 cpxfer --rail tcp --encrypt far:sealed/ back-sealed
expect_status 0 diff -r --no-dereference src back-sealed
expect_status 64 cpxfer --rail tcp --encrypt --trusted-network src/ far:sealed

it "names what the far end does not have, and what it cannot read or write"
expect_status 66 cpxfer far:none here
expect_stderr "cpxfer: far: cannot open none: no such file or directory"
mkfifo "$FAR/two/pipe"
expect_status 1 cpxfer far:two/ part
expect_match '^cpxfer: cannot move far:two/pipe: it is a named pipe' "$STDERR"
expect_equal hello "$(cat part/small)"
expect_status 73 cpxfer src/ far:small
expect_match '^cpxfer: far: cannot create small: a file stands there' "$STDERR"
