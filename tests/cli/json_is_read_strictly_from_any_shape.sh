# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
. "$CP_SOURCE/tests/tools/harness.sh"
PATH="$CP_BUILD/tests/cli:$PATH"

it "names the line and the column of what is malformed, and prints what came before"
while IFS='|' read -r input place; do
  printf '%b' "$input" >in.json
  expect_status 65 cpsample copy in.json
  expect_match "^cpsample: in.json:$place: malformed JSON: " "$STDERR"
done <<'CASES'
{"a":1,}|1:8
{"ok":1}\n{"a":\n  tru}|3:6
{"a":1,"a":2}|1:10
{"a":12345678901234567890123}|1:29
{"a":9007199254740993}|1:22
{"a":1e400}|1:11
{"a":"\xff"}|1:7
{"a":1} }|1:9
[{"a":1} {"b":2}]|1:10
[{"a":1}|1:9
{"a":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]|1:69
CASES
printf '{"name":"first"}\n{"a":' >in.json
expect_status 65 cpsample copy in.json
expect_stdout '{"name":"first"}'

it "reads lines, pretty-printed values and one array alike, from files and from stdin"
printf '{"n":1}{"n":2}\n\n{\n  "n": 3\n}' >a.json
printf '\n[ {"n":4},\n{"n":1.7e+18} , {"n":0.5,"u":"\\u00e9"}]\n' >b.json
expect_status 0 cpsample copy a.json - b.json
expect_stdout "$(printf '{"n":%s}\n' 1 2 3 4 1700000000000000000; printf '{"n":0.5,"u":"é"}')"
expect_status 0 cpsample copy </dev/null
expect_stdout ""
it "refuses a document past its limit, in bounded memory"
{ printf '{"a":"'; head -c 2000000 /dev/zero | tr '\0' x; printf '"}'; } >big.json
expect_status 65 cpsample copy big.json
expect_match "larger than 1048576 bytes" "$STDERR"
it "says that a file is missing"
expect_status 66 cpsample copy a.json none.json
expect_stderr "cpsample: cannot open none.json: no such file or directory"
expect_match '"n":3'
it "goes on after an item that failed, and says so in the stream, on stderr and by its status"
printf '{"schema":"cp.x/1","name":"a"}{"fail":1}{"schema":"cp.x/1","name":"b"}' >items.json
expect_status 66 cpsample copy items.json
expect_json '($all | length) == 3 and $all[1].schema == "cp.error/1" and $all[1].code == "not_found"'
expect_match "an item that is not there" "$STDERR"
