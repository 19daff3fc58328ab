#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
. "$CP_SOURCE/tests/tools/harness.sh"
. "$CP_SOURCE/tests/tools/cpfind/finding.sh"

it "refuses a file that is not there, a directory, and what is no catalog"
expect_status 66 cpfind import none.csv
expect_stderr 'cpfind: cannot open none.csv: no such file or directory'
mkdir folder
expect_status 65 cpfind import folder
expect_status 65 cpfind import /dev/null
expect_match 'is empty' "$STDERR"
echo hello >hello.csv
expect_status 65 cpfind import hello.csv
expect_match 'belongs to no format that is known' "$STDERR"
expect_equal '' "$(cpfind sources)"

cat >vms.csv <<'CSV'
InstanceType,vCPUs,MemoryGiB,AcceleratorName,AcceleratorCount,Price,SpotPrice,Region,Generation
good,4,16,,,0.5,0.2,eu,V1
ragged,4,16,,,0.6,,eu,V1,V2
short,4
negative,4,16,,,-1,,eu,V1
notanumber,4,16,,,nan,,eu,V1
free,4,16,,,0,0.00,eu,V1
sentinel,4,16,,,700.0,,eu,V1
spotty,4,16,,,1,2,eu,V1
good,4,16,,,0.5,0.2,eu,V1
,4,16,V100,1,0.5,,eu,V1
CSV
{
  printf '\xff\xfe,4,16,,,0.5,,eu,V1\n"open,4,16,,,0.5,,eu,V1\n'
  head -c 17000000 /dev/zero | tr '\0' x
  printf '\nlast,8,32,,,0.9,,eu,V1'
} >>vms.csv

it "keeps out what its rule keeps out, repairs the rest, and tells both with their lines"
expect_status 0 cpfind import vms.csv --name dirty --report report.ndjson
validate "$STDOUT"
expect_json '.offers == 6 and .rejected == 7 and .repaired == 4 and .merged == 1'
expect_json '[.rules[] | select(.rule == "ragged-row") | .remedy, .first_line] == ["repaired", 3]'
for told in '4: rejected: short-row' '5: rejected: bad-price \(-1\)' '6: rejected: bad-price \(nan\)' \
  '11: rejected: no-instance-type' '12: rejected: not-utf8' '13: rejected: unclosed-quote' '14: rejected: long-line'; do
  expect_match "^cpfind: vms\.csv:$told\$" "$STDERR"
done
expect_match '^cpfind: vms\.csv: 1 row repaired: ragged-row: ' "$STDERR"
validate report.ndjson
expect_json '[$all[] | .rule] | index("zero-price") != null and index("sentinel-price") != null and index("duplicate-row") != null' report.ndjson
expect_json '$all | length == 13 and .[0].item == "vms.csv:3" and .[0].line == 3' report.ndjson

it "never shows what was kept out, and no price that a rule took away"
expect_status 0 cpfind --limit 0 --sort name --where 'provider = dirty'
expect_equal 'free good last ragged sentinel spotty' "$(names)"
expect_json '[$all[] | select(.name == "free" or .name == "sentinel") | has("price")] == [false, false]'
expect_status 0 cpfind --spot
expect_equal good "$(names)"

it "takes all or nothing with --strict"
expect_status 65 cpfind import vms.csv --name strict --strict -q
expect_match '7 rows would be kept out, 4 repaired and 1 merged: nothing was taken' "$STDERR"
expect_status 0 cpfind sources
expect_equal dirty "$(jq -r .name "$STDOUT")"

it "tells malformed JSON with its line and column"
catalog site.ndjson
sed -i '2s/"kind"/kind/' site.ndjson
expect_status 0 cpfind import site.ndjson
expect_match 'site\.ndjson:2: rejected: malformed-json \(site\.ndjson:2:[0-9]+: malformed JSON' "$STDERR"
expect_json '.offers == 3 and .rejected == 1'

it "refuses another major version whole"
catalog next.ndjson
echo '{"schema":"cp.resource/2","kind":"node"}' >>next.ndjson
expect_status 65 cpfind import next.ndjson
expect_no_match next <(cpfind sources)

it "takes documents from a pipe"
expect_status 0 sh -c 'grep -h h100 site.ndjson | cpfind import - --name piped'
expect_json '.name == "piped" and .offers == 1'

it "goes on with the other files when one is bad"
expect_status 66 cpfind import none.csv site.ndjson -q
expect_match '"name":"site"'
expect_status 64 cpfind import site.ndjson next.ndjson --name both
