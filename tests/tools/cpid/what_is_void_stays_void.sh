#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
. "$CP_SOURCE/tests/tools/harness.sh"
. "$CP_SOURCE/tests/tools/cpid/machines.sh"
as root cpid init --prefix 86 >root.json
as lab cpid init --prefix 86.7 --parent 86 >request.json
as root cpid delegate request.json >answer.json
for who in lab user; do as $who cpid trust add --prefix 86 root.json >anchor; done
as lab cpid accept answer.json >accepted
as lab cpid register <<<'{"schema":"cp.resource/1","kind":"node"}' >record.json
expect_status 0 as user cpid verify answer.json record.json

it "revokes nothing that it has no say in, nor its last key for heads"
expect_status 66 as lab cpid revoke -- "$(jq -r .thumbprint anchor)"
expect_match 'neither prefix 86.7 nor a child of it has a key' "$STDERR"
expect_status 66 as lab cpid revoke 86.8
expect_status 66 as root cpid revoke 86.8
live=$(as lab cpid head | jq -r .proof.key)
expect_status 77 as lab cpid revoke -- "$live"
expect_match 'no other key of prefix 86.7 could sign the head that says so' "$STDERR"

it "voids a key here at once, and for others with the head"
key=$(jq -r .proof.key record.json)
expect_status 0 as lab cpid revoke --why 'laptop lost' -- "$key"
validate "$STDOUT"
expect_json '.revoked == [{"key": "'"$key"'", "why": "laptop lost"}]'
cp "$STDOUT" head.json
expect_status 77 as lab cpid list
expect_match "its key $key was revoked by prefix 86.7: laptop lost" "$STDERR"
expect_status 77 as lab cpid register <<<'{"schema":"cp.resource/1","kind":"node"}'
expect_match 'prefix 86.7 has no key that may sign as record now' "$STDERR"
expect_status 0 as user cpid verify record.json
expect_status 1 as user cpid verify head.json record.json
expect_equal 'verified revoked' "$(reasons)"

it "refuses what the revoked key signs later, whatever date it has"
jq -c '.seq = 9 | .issued = "2020-01-01T00:00:00Z"' record.json |
  cpid sign --key "$TESTDIR/lab/keys/$key.pem" >backdated.json
expect_status 1 as user cpid verify backdated.json
expect_equal revoked "$(reasons)"

it "gets a new key from the parent, asked for with one of those it was given"
expect_status 0 as lab cpid rekey --for record --overlap 0
cp "$STDOUT" rekey.json
expect_json '.seq == 2 and ([.keys[].x] | index("'"$(jq -r '.keys[0].x' request.json)"'") == null)'
expect_status 0 as stranger cpid init --prefix 86.7 --parent 86
cp "$STDOUT" stranger.json
expect_status 77 as root cpid delegate stranger.json
expect_match 'prefix 86.7 was delegated, and none of its keys has signed this' "$STDERR"
expect_status 0 as root cpid delegate rekey.json
cp "$STDOUT" answer2.json
expect_status 0 as lab cpid accept answer2.json
expect_status 0 as lab cpid register record.json
cp "$STDOUT" record2.json
expect_status 0 as user cpid verify answer2.json record2.json

it "tells of a sibling with the same label that the label is not its own"
as twin cpid init --prefix 86.8 --parent 86 >twin.json
as root cpid delegate --label lab --prepare twin.json >first.json
jq -c '.prefix = "86.9"' first.json >second.json
for file in first second; do as root cpid sign $file.json >$file.signed; done
expect_status 0 as user cpid verify first.signed second.signed
expect_json '($all[0].message | test("^verified as of [^;]*$")) and ($all[1].message | endswith("; the label lab was allotted to 86.8 first, not to 86.9"))'

it "refuses the older delegation, and the older head"
expect_status 1 as user cpid verify answer.json
expect_equal 'verified replay' "$(reasons)"
expect_status 0 as lab cpid head
cp "$STDOUT" head2.json
expect_status 1 as user cpid verify head2.json head.json
expect_equal 'verified replay' "$(reasons)"

it "reports two heads of one number, and keeps both"
jq -c '.hash = "sha256:'"$(printf '%064d' 0)"'"' head2.json | as lab cpid sign >two.json
expect_status 1 as user cpid verify two.json
expect_equal equivocation "$(reasons)"
if command -v sqlite3 >/dev/null; then
  expect_equal 1 "$(sqlite3 "$TESTDIR/user/identity.db" "SELECT count(*) FROM evidence WHERE document <> against")"
fi

it "voids what a child was given, until it is given anew"
expect_status 0 as root cpid revoke 86.7 --why 'left the federation'
validate "$STDOUT"
cp "$STDOUT" void.json
expect_status 1 as user cpid verify void.json record2.json
expect_equal 'verified revoked' "$(reasons)"
expect_status 0 as lab cpid verify void.json
codes=$(as lab cpid list --codes --plain | wc -l)
for command in mint register "token issue --subject x --audience 86.7 --grant read" "alias $(jq -r .id record2.json) @lab/b"; do
  # shellcheck disable=SC2086
  expect_status 77 as lab cpid $command <<<'{"schema":"cp.resource/1","kind":"node"}'
  expect_match 'the delegation of prefix 86.7 was revoked by prefix 86: left the federation' "$STDERR"
done
expect_match 'cpid accept takes what prefix 86 signs anew' "$STDERR"
expect_equal "$codes" "$(as lab cpid list --codes --plain | wc -l)"

it "gives no child that was revoked its prefix back when the children are renewed"
as other cpid init --prefix 86.6 --parent 86 >other.json
as root cpid delegate --label other other.json >other.answer
expect_status 0 as root cpid delegate --renew
cp "$STDOUT" renewed.json
expect_match 'prefix 86.7 is not renewed: the delegation of prefix 86.7 was revoked by prefix 86: left the federation' "$STDERR"
expect_json '[$all[].prefix] == ["86", "86.6"] and $all[1].seq == 2'
expect_status 1 as user cpid verify renewed.json record2.json
expect_equal 'verified verified revoked' "$(reasons)"
expect_status 77 as root cpid delegate --renew 86.7
expect_match 'prefix 86.7 is not renewed: .* left the federation' "$STDERR"
expect_status 66 as root cpid delegate --renew 86.4
expect_status 0 as root cpid delegate --renew 86.6
expect_json '[$all[].prefix] == ["86", "86.6"] and $all[1].seq == 3'
cp "$STDOUT" other.answer

it "gives it anew when its parent says so, and not because one of its keys asks"
expect_status 77 as root cpid delegate rekey.json
expect_match 'the delegation of prefix 86.7 was revoked by prefix 86: left the federation' "$STDERR"
expect_status 0 as root cpid delegate --replace rekey.json
cp "$STDOUT" again.json
expect_status 0 as user cpid verify again.json record2.json

it "renews a child without the keys that were revoked, which ask for nothing any more"
thief=$(jq -r '.proof.key' other.json)
as other cpid trust add --prefix 86 root.json >anchor
as other cpid accept other.answer >accepted
as other cpid rekey --overlap 30d >others.json
as root cpid delegate others.json >other.answer
expect_status 0 as root cpid revoke --why 'stolen' -- "$thief"
expect_status 0 as root cpid delegate --renew
expect_match "prefix 86.6 is renewed without one: the key $thief was revoked by prefix 86: stolen" "$STDERR"
cp "$STDOUT" renewed.json
gone=$(jq -r '.keys[0].x' other.json)
expect_json '[$all[] | select(.prefix == "86.6") | .keys[].x] | length > 0 and index("'"$gone"'") == null'
jq -c 'select(.prefix == "86.6") | del(.proof) | .seq = 9' renewed.json |
  cpid sign --key "$TESTDIR/other/keys/$thief.pem" >stolen.json
expect_status 77 as root cpid delegate stolen.json
expect_match "its key $thief was revoked by prefix 86: stolen" "$STDERR"

it "moves the root's own pin to its new key, which the old one has signed"
expect_status 0 as root cpid rekey --for delegate --overlap 30d
validate "$STDOUT"
expect_json '(.proof | length) == 2 and .seq == 2'
cp "$STDOUT" root2.json
jq -c '.proof |= .[1]' root2.json >by-new.json
expect_status 1 as user cpid verify by-new.json
expect_equal unknown_key "$(reasons)"
old=$(as user cpid trust list | jq -r .thumbprint)
expect_status 0 as user cpid verify root2.json
expect_status 0 as user cpid trust list
expect_json '.thumbprint != "'"$old"'" and ($all | length) == 1'
expect_status 0 as user cpid verify record2.json
expect_status 0 as root cpid delegate --renew
expect_json '$all[-1] | .seq == 5 and .proof.key != "'"$old"'"'
cp "$STDOUT" again2.json
expect_status 0 as user cpid verify again2.json
for who in root lab; do
  expect_status 0 as $who cpid check --ledger
done

it "revokes the key that a root stands on only where that is meant"
anchor=$(as root cpid trust list --plain)
[ "$anchor" != "$old" ]
expect_status 77 as root cpid revoke -- "$anchor"
expect_match 'prefix 86 stands on this key: all that is below it would be void for good' "$STDERR"
expect_match 'cpid rekey puts another one in its place first' "$STDERR"
expect_status 0 as root cpid mint
expect_status 0 as root cpid revoke -- "$old"
expect_status 0 as root cpid rekey --for delegate
expect_status 0 as root cpid revoke -- "$anchor"
expect_status 0 as root cpid rekey --for delegate
expect_status 0 as root cpid revoke --force -- "$(as root cpid trust list --plain)"
expect_status 77 as root cpid rekey

it "forgets with an anchor what stood under it"
expect_status 66 as user cpid trust remove -- "$old"
expect_status 0 as user cpid trust remove -- "$(as user cpid trust list --plain)"
validate "$STDOUT"
expect_status 1 as user cpid verify record2.json
expect_equal no_anchor "$(reasons)"
expect_status 64 as user cpid trust add "$old"
expect_status 64 as user cpid trust pin x
