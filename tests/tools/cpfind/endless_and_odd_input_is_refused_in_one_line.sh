#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
. "$CP_SOURCE/tests/tools/harness.sh"
. "$CP_SOURCE/tests/tools/cpfind/finding.sh"

# one_line: what stands on stderr is one line, and a hint at most.
one_line() { expect_equal 1 "$(grep -c '^cpfind: ' "$STDERR")" "$(head -c 300 "$STDERR")"; }

it "refuses a device, which may never end"
for device in /dev/zero /dev/full /dev/urandom; do
  expect_status 65 cpfind import $device
  expect_stderr "cpfind: $device is a device"
done

it "reads a pipe as a file"
printf 'InstanceType,Price,Region\na,1,r\n' >one.csv
mkfifo pipe
cat one.csv >pipe &
expect_status 0 cpfind import pipe
expect_json '.name == "pipe" and .offers == 1'

it "tells a first line that is too long, whatever the format"
{
  printf '{"schema":"cp.resource/1","name":"'
  head -c 17000000 /dev/zero | tr '\0' x
  printf '"}\n{"schema":"cp.resource/1","name":"second"}\n'
} >long.ndjson
expect_status 65 cpfind import long.ndjson
expect_match 'its first line is longer than' "$STDERR"
one_line
expect_status 0 cpfind import --format ndjson long.ndjson
expect_json '.offers == 1 and .rejected == 1'
expect_stderr 'cpfind: long.ndjson:1: rejected: long-line'

it "passes over a line of a gibibyte in little memory, and keeps the rows around it"
{
  printf 'InstanceType,Price,Region\na,1,r\n'
} >giant.csv
truncate -s 1073741824 giant.csv
printf '\nb,2,r\n' >>giant.csv
expect_status 0 sh -c 'ulimit -v 900000; exec cpfind import giant.csv'
expect_json '.offers == 2 and .rejected == 1'
expect_stderr 'cpfind: giant.csv:3: rejected: long-line'
rm giant.csv

it "takes the whole rows of a file that is cut off, and tells of the last"
printf '{"schema":"cp.resource/1","name":"a"}\n{"schema":"cp.resource/1","na' >cut.ndjson
expect_status 0 cpfind import cut.ndjson
expect_json '.offers == 1 and .rejected == 1'
expect_match 'cut.ndjson:2: rejected: malformed-json' "$STDERR"
printf 'InstanceType,Price,Region\na,1,r\nb,2' >cut.csv
expect_status 0 cpfind import cut.csv
expect_json '.offers == 1 and .rejected == 1'
mkdir -p cut/Facility/Site
printf 'Resources:\n  A:\n    Services:\n      CE: {' >cut/Facility/Site/A.yaml
printf 'Resources:\n  B:\n    Services:\n      CE: {}\n' >cut/Facility/Site/B.yaml
expect_status 0 cpfind import cut
expect_json '.offers == 1 and .rejected == 1 and .rules[0].rule == "not-yaml" and (.rules[0].first_file | endswith("A.yaml"))'

it "refuses a header that names a column twice"
printf 'InstanceType,Price,price,Region\na,1,2,r\n' >twice.csv
expect_status 65 cpfind import twice.csv
expect_match 'names the column Price twice' "$STDERR"
one_line

it "takes no half of a field that holds an end of line for a row"
printf 'InstanceType,Price,Region\n"a\nb",1,r\nc,2,r\n' >quoted.csv
expect_status 0 cpfind import quoted.csv
expect_json '.offers == 1 and .rejected == 2'

it "keeps out names with a NUL"
printf '{"schema":"cp.resource/1","name":"a\\u0000b"}\n{"schema":"cp.resource/1","name":"c\0d"}\n{"schema":"cp.resource/1","name":"e"}\n' >nul.ndjson
expect_status 0 cpfind import nul.ndjson
expect_json '.offers == 1 and .rejected == 2'
printf 'InstanceType,Price,Region\na\0b,1,r\nc,2,r\n' >nul.csv
expect_status 0 cpfind import nul.csv
expect_json '.offers == 1 and .rejected == 1'

it "takes numbers past all numbers for none, and no negative ones"
printf '{"schema":"cp.resource/1","name":"a","node":{"memory_bytes":1e400}}\n{"schema":"cp.resource/1","name":"b","nodes":-2}\n{"schema":"cp.resource/1","name":"c"}\n' >numbers.ndjson
expect_status 0 cpfind import numbers.ndjson
expect_json '.offers == 1 and .rejected == 2'
expect_status 64 cpfind --max-price -5USD
expect_match 'is below 0' "$STDERR"
one_line

it "judges by wide and deep expressions, and refuses what is wider and deeper"
repeat() { local text=''; for ((i = 0; i < $2; ++i)); do text+=$1; done; printf %s "$text"; }
expect_status 1 cpfind --where "cpus in [$(repeat '1,' 1900)2]"
expect_status 1 cpfind --where "$(repeat 'cpus > 1 or ' 300)cpus > 2"
expect_status 1 cpfind --where "$(repeat '(cpus > 1 and (cpus > 2 or ' 30)cpus > 3$(repeat '))' 30)"
expect_status 1 cpfind --where "$(repeat 'gpu.model != X or ' 200)gpu.model = Y"
expect_status 64 cpfind --where "$(repeat '(' 100)cpus > 1$(repeat ')' 100)"
expect_match 'nested deeper than 64 levels' "$STDERR"
expect_status 64 cpfind --where "$(repeat 'cpus > 1 or ' 500)cpus > 2"
expect_match 'longer than 4096 bytes' "$STDERR"
one_line
