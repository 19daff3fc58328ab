#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
. "$CP_SOURCE/tests/tools/harness.sh"
. "$CP_SOURCE/tests/tools/cpfind/finding.sh"
export XDG_DATA_HOME=$PWD/data
providers=$XDG_DATA_HOME/cptools/providers
mkdir -p "$providers"

# provider NAME: a program for exec:NAME, whose text is on stdin.
provider() {
  { echo '#!/bin/sh'; cat; } >"$providers/cp-provider-$1"
  chmod 755 "$providers/cp-provider-$1"
}
cat >record.json <<'RECORD'
{"schema":"cp.resource/1","name":"m1","kind":"node","provider":{"name":"p"},"node":{"cpu":{"cores":8},"accelerators":[{"model":"H100-SXM-80GB","count":8}]},"prices":[{"unit":"node-hour","price":{"amount":"20","currency":"USD"}}]}
RECORD

# status NAME: what became of the source in the answer in $STDOUT.
status() { jq -rn --arg name "$1" '[inputs] | .[-1].sources[] | select(.name == $name) | .status' "$STDOUT"; }
# count KIND: of the completeness report in $STDOUT.
count() { jq -n --arg kind "$1" '[inputs] | .[-1].completeness[$kind]' "$STDOUT"; }

it "adds a program, which is asked with each query that its last answer is too old for"
provider good <<'PROGRAM'
echo asked >>asked
case $1 in
  catalog) cat record.json ;;
  state) while read -r _; do
    printf '{"schema":"cp.state/1","observed_at":"%s","valid_for_s":60,"nodes":{"total":1,"free":1},"shapes":[{"nodes":1,"cards":8,"cores":8}]}\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)"
  done ;;
esac
PROGRAM
expect_status 0 cpfind sources add exec:good --max-age 1h --trusted
validate "$STDOUT"
expect_json '.name == "good" and .kind == "provider" and .url == "exec:good" and .status == "answered" and .offers == 1 and .trusted'
expect_equal 2 "$(wc -l <asked)"
expect_status 0 cpfind --gpu H100:8
validate "$STDOUT"
expect_json '.name == "m1" and .availability.verdict == "free" and .source.trust == "unsigned" and .source.trusted and (.runnable | not)'
expect_equal 2 "$(wc -l <asked)" "what is remembered is not asked again"
expect_status 64 cpfind sources add exec:good
expect_match 'there is a source .good. already' "$STDERR"
expect_status 0 cpfind sources refresh good
expect_equal 4 "$(wc -l <asked)"
expect_status 0 cpfind sources remove good
expect_status 1 cpfind --gpu H100:8
expect_status 0 cpfind sources add exec:good --max-age 0s
expect_status 0 cpfind --gpu H100:8
expect_equal 8 "$(wc -l <asked)" "with an age limit of 0 each query asks"

it "waits for a slow source until its deadline, and for none of the others longer"
provider slow <<'PROGRAM'
[ -e slow ] && exec sleep 600
[ "$1" = state ] && exec sed 's/.*/null/'
cat record.json
PROGRAM
expect_status 0 cpfind sources add exec:slow --deadline 1s --max-age 0s
touch slow
begin=$(date +%s)
expect_status 0 cpfind --gpu H100:8
[ $(($(date +%s) - begin)) -lt 20 ] || fail "the query took too long"
validate "$STDOUT"
expect_equal answered "$(status good)"
expect_equal stale "$(status slow)"
expect_match 'slow is stale: .*(in time|timed out)' "$STDERR"
expect_json '[$all[:-1][].source.name] | sort == ["good", "slow"]' # what it said before is still there
expect_equal '2 1 1 0' "$(count asked) $(count answered) $(count stale) $(count missing)"

it "tells the dead from those that talk nonsense"
provider dead <<'PROGRAM'
echo 'no key: run it --login' >&2
exit 77
PROGRAM
provider noise <<'PROGRAM'
echo hello
echo 42
PROGRAM
provider endless <<'PROGRAM'
exec yes "$(cat record.json)"
PROGRAM
provider liar <<'PROGRAM'
[ "$1" = state ] || cat record.json
PROGRAM
provider partly <<'PROGRAM'
[ "$1" = state ] && exec sed 's/.*/null/'
cat record.json
echo '{"schema":"cp.resource/1"'
PROGRAM
for name in dead noise endless; do
  cpfind sources add exec:$name --deadline 5s >out 2>err && fail "$name was added without a complaint"
done
expect_status 0 cpfind sources add exec:liar
expect_json '.status == "partial" and .offers == 1'
expect_status 0 cpfind sources add exec:partly
expect_json '.status == "partial" and .offers == 1 and (.message | contains("1 of its lines"))'
expect_status 0 cpfind --gpu H100:8
validate "$STDOUT"
expect_equal missing "$(status dead)"
expect_equal 'rejected rejected' "$(status noise) $(status endless)"
expect_match 'dead: exec:dead: no key: run it --login' "$STDERR"
expect_equal '7 1 2 1 1 2' "$(count asked) $(count answered) $(count partial) $(count stale) $(count missing) $(count rejected)"

it "refuses what cannot be asked before anything is added"
expect_status 66 cpfind sources add exec:nobody
expect_match 'there is no program cp-provider-nobody' "$STDERR"
expect_status 64 cpfind sources add exec:../up
expect_status 66 cpfind sources add nothing.csv
expect_status 64 cpfind sources add 'https://user@host/x.csv'
expect_status 64 cpfind sources add exec:dead --name 'a b'
expect_status 64 cpfind sources add exec:dead --deadline 0s --name x
expect_status 64 cpfind sources add
expect_status 66 cpfind sources refresh nobody
chmod 757 "$providers/cp-provider-dead"
expect_status 78 cpfind sources add exec:dead --name other
expect_match 'may be written by others' "$STDERR"
chmod 775 "$providers/cp-provider-dead"
expect_status 78 cpfind sources add exec:dead --name other

it "reads catalogs into the cache, when they are added and when they are refreshed"
printf 'InstanceType,Price,Region\nx,1,r\n' >cloud.csv
expect_status 0 cpfind sources add cloud.csv --currency EUR --provider acme --max-age 1d
validate "$STDOUT"
expect_json '.name == "cloud" and .kind == "skypilot" and .offers == 1 and .max_age_s == 86400 and .status == "answered"'
printf 'InstanceType,Price,Region\ny,2,r\nz,-1,r\n' >cloud.csv
expect_status 0 cpfind sources refresh cloud
expect_json '.offers == 1 and .rejected == 1'
expect_match 'cloud.csv:3: rejected: bad-price' "$STDERR"
expect_status 0 cpfind --where 'source = cloud'
expect_equal y "$(names)"
expect_json '.price.hour.currency == "EUR" and .provider == "acme"'
expect_status 0 cpfind sources list
validate "$STDOUT"
expect_json '[$all[] | select(.name == "cloud") | .status, .deadline_s] == ["answered", 10]'

it "keeps what it knows of a catalog that cannot be read, and says so"
rm cloud.csv
expect_status 66 cpfind sources refresh cloud
expect_json '.status == "missing"'
expect_status 0 cpfind --where 'source = cloud'
mkfifo pipe
expect_status 65 cpfind sources add pipe
expect_match 'neither a file nor a directory' "$STDERR"
expect_status 0 cpfind sources remove pipe
expect_status 0 cpfind sources remove cloud
expect_status 1 cpfind --where 'source = cloud'
expect_status 66 cpfind sources remove cloud

it "is stopped by a list that somebody else may write, and says which"
chmod 666 "$CP_STATE_DIR/sources.ndjson"
expect_status 78 cpfind --gpu H100
expect_match 'sources.ndjson' "$STDERR"
