#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
. "$CP_SOURCE/tests/tools/harness.sh"
. "$CP_SOURCE/tests/tools/cpxfer/moving.sh"
. "$CP_SOURCE/tests/tools/cpxfer/ssh.sh"
need jq
start_sshd far
BENCH=(cpxfer bench --time 0.3s)

it "measures what ssh carries, and what goes beside it, both ways"
expect_status 0 "${BENCH[@]}" far
validate "$STDOUT"
expect_json '[$all[] | select(.stage == "rail") | [.rail.kind, .direction]] == [["ssh", "push"], ["ssh", "pull"], ["tcp", "push"], ["tcp", "pull"]]'
expect_json '[$all[] | select(.stage == "rail")] | all(.server == "far" and .bytes > 0 and .rail.streams == 2)'
expect_json '[$all[] | select(.stage == "rail") | .encrypted] == [true, true, false, false]'
expect_json '[$all[] | select(.stage == "verdict") | .rail.kind] == ["ssh", "ssh"]'

it "takes a host with or without a colon and a path"
for host in far: far:some/where; do
  expect_status 0 "${BENCH[@]}" --rail ssh --streams 1 --direction push $host
  expect_json '.server == "far" and .rail == {kind: "ssh", streams: 1}'
done

it "seals what goes beside it when that is wanted, over as many streams as are asked for"
expect_status 0 "${BENCH[@]}" --rail tcp --encrypt --streams 3 --direction push far
expect_json '.encrypted and .rail == {kind: "tcp", streams: 3} and .direction == "push"'

it "leaves nothing behind, here or there, and no control socket"
expect_equal "" "$(ls -A .)$(ls -A "$FAR")$(ls -A "$XDG_RUNTIME_DIR/cptools")"

it "says what is missing where there is no cpxfer"
expect_status 69 "${BENCH[@]}" --remote-cpxfer /nowhere/cpxfer far
expect_equal "" "$(cat "$STDOUT")"
expect_status 64 "${BENCH[@]}" --rail ssh -- -oProxyCommand=touch
