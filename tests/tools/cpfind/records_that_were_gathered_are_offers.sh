#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
. "$CP_SOURCE/tests/tools/harness.sh"
. "$CP_SOURCE/tests/tools/cpid/machines.sh"
. "$CP_SOURCE/tests/tools/cpid/serving.sh"
need curl sqlite3
record() { # NAME ACCESS
  as lab cpid register <<<'{"schema":"cp.resource/1","kind":"partition","nodes":4,"name":"'"$1"'",
    "node":{"cpu":{"cores":16},"memory_bytes":64000000000},
    "prices":[{"unit":"node-hour","price":{"amount":"1","currency":"CNY"}}],
    "access":[{"role":"launch","url":"'"$2"'"}]}' | jq -r .id
}
publish() { # CODE FREE VALID: what its provider says of it, signed as cpid publish would
  local now
  now=$(date +%s%3N)
  jq -nc --arg id "$1" --argjson free "$2" --argjson valid "$3" --argjson seq "$now" \
    --arg at "$(date -u +%Y-%m-%dT%H:%M:%SZ)" '{schema: "cp.state/1", id: $id, seq: $seq, observed_at: $at,
      valid_for_s: $valid, health: "ok", nodes: {total: 4, free: $free, down: 0},
      cores: {total: 64, free: ($free * 16)}, shapes: [{nodes: $free, cores: 16}]}' |
    as lab cpid sign
}

as root cpid init --prefix 86 >root.json
as lab cpid init --prefix 86.7 --parent 86 >request.json
as root cpid delegate request.json >answer.json
as lab cpid trust add --prefix 86 root.json >anchor
as lab cpid accept answer.json >accepted
far=$(record far ssh://login.example) here=$(record here local:)
as lab cpid head >head.json
CP_STATE_DIR=$TESTDIR/lab serve live
as reader cpid trust add --prefix 86 root.json >anchor

it "has no offers of a registry that nobody followed"
expect_status 1 as reader cpfind
expect_json '.sources == []'

it "offers what was gathered, verified, and as runnable what does not act on this machine"
expect_status 0 as reader cpid sync "$URL/"
expect_status 0 as reader cpfind --limit 0 --sort name
validate "$STDOUT"
expect_json '[$all[] | select(.resource) | [.name, .resource, .runnable, .source.name, .source.trust]]
  == [["far", "'"$far"'", true, "registry:86.7", "verified"], ["here", "'"$here"'", false, "registry:86.7", "verified"]]'
expect_json '.source.anchor != null and .availability.verdict == "unknown"'
expect_json '$all[-1].sources | length == 1 and .[0].name == "registry:86.7" and .[0].status == "answered" and .[0].offers == 2'
expect_status 0 as reader cpfind --where 'runnable and price.hour <= 2CNY' --cpus 16
expect_json '.name == "far"'

it "tells what was published of it while that holds, and how old it is when it does not"
publish "$far" 2 600 >state.json
expect_status 0 as reader cpid verify state.json
expect_status 0 as reader cpfind --nodes 2 --cpus 16 --where 'name = "far"'
validate "$STDOUT"
expect_json '.availability | .verdict == "free" and .cores_free == 32 and has("age_s")'
expect_status 0 as reader cpfind --nodes 4 --cpus 16 --where 'name = "far"'
expect_json '.availability.verdict == "busy"'
publish "$far" 4 5 >short.json
expect_status 0 as reader cpid verify short.json
# Its seconds are over for certain.
ran_out() { as reader cpfind --nodes 4 --cpus 16 --where 'name = "far"' >late && jq -en 'input | .availability.verdict == "unknown"' late >/dev/null; }
wait_until ran_out
jq -en 'input | .availability | .age_s >= 1 and has("observed_at") and (has("cores_free") | not)' late >/dev/null ||
  fail "$(cat late)"

it "says that a registry is stale that could not be followed, and offers what it had"
stop_server live
expect_status 1 as reader cpid sync "$URL/"
expect_status 0 as reader cpfind
expect_json '$all[-1].sources[0] | .status == "stale" and (.message | startswith("stale: ")) and .age_s >= 0'
expect_status 0 as reader cpfind sources
validate "$STDOUT"
expect_json '.name == "registry:86.7" and .status == "stale" and .offers == 2 and .url == "'"$URL"'/"'

it "makes no offer of a record that was changed where it lies, or whose anchor is gone"
sqlite3 "$TESTDIR/reader/identity.db" "UPDATE kept SET document = replace(document, '\"nodes\":4', '\"nodes\":9') WHERE subject = '$far'"
expect_status 0 as reader cpfind --limit 0
expect_json '[$all[] | select(.resource).name] == ["here"] and ($all[-1].sources[0].message | contains("1 record failed verification: '"$far"'"))'
expect_status 0 as reader cpid trust remove -- "$(as reader cpid trust list --plain)"
expect_status 1 as reader cpfind
expect_json '.matched == 0'
