#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A national root, a region and a laboratory below it, and a user who knows the root's key: four
# machines that exchange files.
. "$CP_SOURCE/tests/tools/harness.sh"
. "$CP_SOURCE/tests/tools/cpid/machines.sh"
minimal='{"schema":"cp.resource/1","kind":"node","alias":["@lab/a"]}'

it "makes a root that vouches for itself"
expect_status 0 as root cpid init --prefix 86 --name 'National node' --valid-for 1000d
expect_json '.level == "national" and .may_delegate and (.parent | not) and (.keys | length) == 2'
expect_json '.keys[0].for == ["delegate", "record"] and .keys[1].for == ["state", "head", "token"]'
validate "$STDOUT"
cp "$STDOUT" root.json
expect_status 0 as root cpid register <<<'{"schema":"cp.resource/1","kind":"node","alias":["@shlab-region/old"]}'
expect_status 0 as root cpid resolve @shlab-region/old

it "makes children that ask, and do nothing before they were answered"
expect_status 64 as region cpid init --prefix 86.3101 --parent 87
expect_match '^cpid: 87 is not just above 86.3101$' "$STDERR"
expect_status 0 as region cpid init --prefix 86.3101 --parent 86 --name 'Shanghai node'
validate "$STDOUT"
cp "$STDOUT" region-request.json
expect_status 0 as lab cpid init --prefix 86.3101.42 --parent 86.3101 --name Lab
cp "$STDOUT" lab-request.json
for command in 'mint' 'head' 'delegate lab-request.json' 'tombstone @lab/a'; do
  # shellcheck disable=SC2086
  expect_status 77 as region cpid $command
  expect_match '^cpid: nobody has given prefix 86.3101 to the authority here yet$' "$STDERR"
done
expect_status 77 as region cpid register <<<"$minimal"
expect_status 0 as region cpid list --codes
expect_stdout ''

it "answers only what a child has signed itself, just below, under a free label"
expect_status 65 as root cpid delegate lab-request.json
expect_match 'there is no request to prefix 86 in the input' "$STDERR"
jq -c '.keys[0].for += ["head"]' region-request.json >swapped.json
expect_status 77 as root cpid delegate swapped.json
expect_match 'the signature is wrong' "$STDERR"
jq -c 'del(.proof)' region-request.json >unsigned.json
expect_status 77 as root cpid delegate unsigned.json
expect_status 65 as lab cpid delegate region-request.json
expect_status 64 as root cpid delegate region-request.json --max-depth 2
expect_status 0 as root cpid check --ledger
expect_json '.message | startswith("3 entries")'
expect_status 0 as root cpid delegate region-request.json --level regional --label shlab-region \
  --may-delegate --max-depth 1 --registry https://registry.sh.example/ --valid-for 365d
validate "$STDOUT"
expect_json '($all | map(.prefix)) == ["86", "86.3101"] and $all[1].parent == "86" and $all[1].max_depth == 1'
cp "$STDOUT" region-answer.json
expect_status 0 as other cpid init --prefix 86.9 --parent 86
cp "$STDOUT" other-request.json
expect_status 77 as root cpid delegate other-request.json --label shlab-region
expect_match 'the label shlab-region is that of prefix 86.3101' "$STDERR"

it "gives no child more registries, nor a longer delegation, than whoever follows it takes"
nine=()
for number in 1 2 3 4 5 6 7 8 9; do
  nine+=(--registry "https://$number.example/")
done
expect_status 65 as root cpid delegate region-request.json "${nine[@]}"
expect_match 'a delegation has 8 registries at most, and this one 9' "$STDERR"
jq -c '.junk = ("x" * 20000)' region-request.json > long-request.json
expect_status 65 as root cpid delegate long-request.json
expect_match 'a delegation has 16384 bytes at most' "$STDERR"

it "signs no URL as that of a registry that nobody could ask, for itself or a child"
for url in x '' ftp://x/ file:///etc/passwd https:// http://x.example/ http://10.0.0.1/ \
  https://user:word@x/ 'https://x/?q' $'https://x/\e[31m' 'https://x/ y'; do
  for command in 'new cpid init --prefix 9' 'root cpid renew' 'root cpid delegate region-request.json'; do
    # shellcheck disable=SC2086
    expect_status 64 as $command --registry https://good.example/ --registry "$url"
    expect_stdout ''
  done
  expect_status 66 as new cpid mint
done
expect_status 0 as asker cpid init --prefix 86.3102 --parent 86 --registry http://localhost:7030/
cp "$STDOUT" asked.json
asker_key=$TESTDIR/asker/keys/$(jq -r '.proof.key' "$STDOUT").pem
for urls in '["ftp://x/"]' '["https://good.example/", "https://user:word@x/"]' '[1]' '{}'; do
  jq -c "del(.proof) | .registries = $urls" asked.json | cpid sign --key "$asker_key" >asker-request.json
  expect_status 65 as root cpid delegate asker-request.json --registry https://good.example/
  expect_match '^cpid: registries' "$STDERR"
done

it "keeps what the parent has said when it is renewed, and takes no higher level than its parent's"
expect_status 0 as root cpid delegate region-request.json
expect_json '$all[1] | .seq == 2 and .level == "regional" and .may_delegate and .label == "shlab-region"'
expect_json '$all[1].registries == ["https://registry.sh.example/"]'
expect_equal "$(jq -rs '.[1].not_after' region-answer.json)" "$(jq -rs '.[1].not_after' "$STDOUT")"
cp "$STDOUT" region-answer.json
expect_status 0 as high cpid init --prefix 86.3101.7 --parent 86.3101 --level national
cp "$STDOUT" high-request.json

it "is taken by the child only up to an anchor that it has pinned"
expect_status 77 as region cpid trust add --prefix 87 root.json
expect_match 'root.json: it is the delegation of prefix 86, not of 87$' "$STDERR"
# Anybody signs for a key of small order (y = 1): it is none, in a delegation or by itself.
small=AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA
expect_status 65 as region cpid trust add --prefix 86 <(echo '{"kty":"OKP","crv":"Ed25519","x":"'$small'"}')
expect_match 'small order' "$STDERR"
expect_status 65 as region cpid trust add --prefix 86 $small
expect_match '^cpid: a public key is of small order' "$STDERR"
jq -c '.keys[0].x = "'$small'"' root.json >small.json
expect_status 65 as region cpid trust add --prefix 86 small.json
expect_match 'small order' "$STDERR"
expect_status 77 as region cpid accept region-answer.json
expect_match 'prefix 86.3101 was not given: no trust anchor is pinned for prefix 86.3101' "$STDERR"
expect_status 0 as region cpid trust add --prefix 86 root.json
validate "$STDOUT"
expect_status 77 as region cpid accept region-request.json
expect_status 77 as region cpid accept root.json
expect_status 0 as region cpid accept region-answer.json
expect_json '.prefix == "86.3101" and .label == "shlab-region"'
expect_status 0 as region cpid mint --plain
expect_match '^cp:86\.3101/'

expect_status 0 as region cpid delegate high-request.json
expect_json '$all[-1] | .prefix == "86.3101.7" and .level == "regional"'

it "goes down to a laboratory, which may not delegate"
expect_status 0 as region cpid delegate lab-request.json --label lab
cp "$STDOUT" lab-answer.json
expect_json '$all | map(.prefix) == ["86", "86.3101", "86.3101.42"]'
expect_status 0 as lab cpid trust add --prefix 86 "$(jq -r '.keys[0].x' root.json)"
expect_status 0 as lab cpid accept lab-answer.json
expect_status 0 as below cpid init --prefix 86.3101.42.1 --parent 86.3101.42
cp "$STDOUT" below.json
expect_status 77 as lab cpid delegate below.json
expect_match 'prefix 86.3101.42 may not delegate' "$STDERR"

it "registers, resolves and bundles what anyone verifies with the root's key alone"
expect_status 0 as lab cpid register <<<"$minimal"
expect_match '"id":"cp:86\.3101\.42/'
id=$(jq -r .id "$STDOUT")
expect_status 0 as lab cpid resolve @lab/a
expect_status 0 as lab cpid head
validate "$STDOUT"
expect_status 0 as lab cpid bundle @lab/a
validate "$STDOUT"
cp "$STDOUT" bundle.json
expect_json '$all | map(.schema) == ["cp.delegation/1", "cp.delegation/1", "cp.delegation/1", "cp.head/1", "cp.resource/1"]'
expect_status 1 as user cpid verify bundle.json
expect_json '($all[0:5] | all(.verdict == "failed" and .reason == "no_anchor")) and $all[5].summary.failed == 5'
expect_status 65 as user cpid verify /dev/null
expect_match 'there is no document to verify' "$STDERR"
expect_status 0 as user cpid trust add --prefix 86 root.json
expect_status 0 as user cpid verify bundle.json
validate "$STDOUT"
expect_json '$all[4] | .input == "'"$id"'" and .verdict == "verified" and .chain == ["86", "86.3101", "86.3101.42"] and (.message | test("^verified as of ....-..-..T"))'
expect_status 0 as user cpid verify --offline --only-bad bundle.json
expect_match 'the newest head of prefix 86.3101.42 is .* old' "$STDERR"
expect_json '($all | length) == 1'

it "remembers what it called verified before a line that it cannot read"
as torn cpid trust add --prefix 86 root.json >anchor
(cat bundle.json && echo x) >torn.json
expect_status 65 as torn cpid verify torn.json
tail -n 1 bundle.json >record.json
expect_status 0 as torn cpid verify record.json

it "asks for young heads of all when it is told to"
expect_status 1 as user cpid verify --max-head-age 1h bundle.json
expect_json '$all[4].reason == "no_head"'
for who in root region; do as $who cpid head; done >heads.json
expect_status 0 as user cpid verify --max-head-age 1h heads.json bundle.json

it "refuses forged, foreign and replayed records with the reason"
verdict_of() { as user cpid verify "$1" >"$STDOUT" || true; jq -r 'select(.input) | .reason' "$STDOUT" | tail -n 1; }
jq -c 'select(.schema == "cp.resource/1")' bundle.json >record.json
jq -c '.kind = "cluster"' record.json >forged.json
expect_equal bad_signature "$(verdict_of forged.json)"
region_key=$TESTDIR/region/keys/$(jq -r .proof.key region-request.json).pem
cpid sign --key "$region_key" <record.json >by-parent.json
expect_equal unknown_key "$(verdict_of by-parent.json)"
as lab cpid register <record.json >newer.json
expect_status 0 as user cpid verify newer.json
expect_equal replay "$(verdict_of record.json)"
jq -c '.proof.jws |= ("eyJhbGciOiJub25lIn0.." )' record.json >none.json
expect_equal bad_signature "$(verdict_of none.json)"

it "gives no name of a label that is another's, and finds none that it gave before"
expect_status 66 as root cpid resolve @shlab-region/old
expect_match 'the label shlab-region was allotted to 86.3101, not to 86' "$STDERR"
for alias in @shlab-region/zz @nobody/zz; do
  expect_status 77 as lab cpid register <<<"{\"schema\":\"cp.resource/1\",\"kind\":\"node\",\"alias\":[\"$alias\"]}"
  expect_match "standard input:1: $alias cannot be an alias here: the label" "$STDERR"
  jq -c ".alias = [\"@lab/a\", \"$alias\"]" <(as lab cpid resolve "$id") >edited.json
  expect_status 77 as lab cpid register edited.json
  expect_status 77 as lab cpid alias "$id" "$alias"
  expect_status 66 as lab cpid resolve "$alias"
done
expect_status 77 as region cpid register <<<"$minimal"
expect_match 'the label lab was allotted to 86.3101.42, not to 86.3101' "$STDERR"
expect_status 0 as lab cpid alias "$id" @lab/second
expect_status 0 as lab cpid resolve @lab/second
expect_status 0 as lab cpid alias "$id" @lab/second --remove

it "keeps its own keys to what it has a say in"
jq -c 'del(.proof)' newer.json >foreign.json
expect_status 77 as region cpid sign foreign.json
expect_match 'is not of prefix 86.3101$' "$STDERR"
expect_status 65 as region cpid sign <<<'{"schema":"cp.job/1","id":"j-1"}'
expect_status 65 as region cpid sign </dev/null

it "leaves a child its label and its leave to delegate when its keys change"
expect_status 0 as region cpid rekey --for record
cp "$STDOUT" rekey.json
expect_status 0 as root cpid delegate rekey.json --valid-for 365d
expect_json '$all[-1] | .may_delegate and .max_depth == 1 and .label == "shlab-region"'
for no in --max-depth=0 --may-delegate=no --may-delegate=0; do
  expect_status 0 as root cpid delegate rekey.json $no --prepare
  expect_json '.may_delegate == false and (has("max_depth") | not)'
done

it "takes no keys back by a request that is older than its answer"
expect_status 77 as root cpid delegate region-request.json
expect_match 'its number is 1, and prefix 86.3101 was given [0-9]+ since, with other keys' "$STDERR"

it "renews what it has given as it is, past a child whose time is over"
as brief cpid init --prefix 86.3109 --parent 86 >brief-request.json
expect_status 0 as root cpid delegate brief-request.json --valid-for 1s
for flag in --valid-for=10d --may-delegate=no --replace --label=x; do
  expect_status 64 as root cpid delegate --renew $flag
  expect_match "${flag%=*} does not go with --renew" "$STDERR"
done
expect_status 64 as root cpid delegate --renew brief-request.json
is_over() { ! as root cpid delegate --renew 86.3109 2>"$STDERR" >"$STDOUT"; }
wait_until is_over
expect_match 'prefix 86.3109 is not renewed: it ended at ' "$STDERR"
expect_status 0 as root cpid delegate --renew
expect_match 'prefix 86.3109 is not renewed: it ended at ' "$STDERR"
expect_json '$all[-1].prefix == "86.3101"'
