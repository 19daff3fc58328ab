# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
. "$CP_SOURCE/tests/tools/harness.sh"
PATH="$CP_BUILD/tests/cli:$PATH"
need script
on_terminal() { TERM=xterm script -qec "stty cols ${2:-80}; $1" /dev/null | tr -d '\r'; }

it "prints NDJSON into a pipe and a table on a terminal"
expect_status 0 cpsample show
expect_json '.schema == "cp.sample/1"'
expect_equal "$(printf 'NAME  N  STATE\nr0    0  ok')" "$(on_terminal 'NO_COLOR=1 cpsample show')"
it "does as it is told by --json, --table and --plain"
expect_equal '{"schema":"cp.sample/1","name":"r0","n":0,"state":"ok","operands":[],"tags":[]}' \
  "$(on_terminal 'cpsample show --json')"
expect_status 0 cpsample show --table
expect_match '^r0    0  ok$'
expect_status 0 cpsample show -c 2 --plain
expect_stdout $'r0\nr1'
it "colours a terminal, not with NO_COLOR, and a pipe only when told"
expect_equal $'\033[1mNAME\033[0m' "$(on_terminal 'cpsample show' | head -c 12)"
expect_equal "" "$(cpsample show --table | tr -cd '\033')"
expect_equal $'\033\033' "$(cpsample show --table --color always | head -n 1 | tr -cd '\033' | head -c 2)"
it "never cuts the first column, drops others for it, and says so below"
long=$(printf 'i%.0s' {1..30})
printf '{"schema":"cp.x/1","name":"%s","n":123456789,"state":"ok"}\n' "$long" >id
on_terminal 'NO_COLOR=1 cpsample copy id' 40 >"$STDOUT"
expect_stdout "NAME
$long
2 columns left out; --json has all"
expect_equal '' "$(on_terminal 'NO_COLOR=1 cpsample copy id' 80 | grep 'left out')"
expect_equal '' "$(cpsample copy id --table | grep 'left out')"
rm id
it "shortens what is too wide, and shows no control character"
printf '{"schema":"cp.x/1","name":"%s\\u001b[31m\\u202e\\n","n":1,"state":"ok"}\n' "$(printf 'w%.0s' {1..90})" >wide
expect_equal 40 "$(on_terminal 'NO_COLOR=1 cpsample copy wide' 40 | head -n 1 | wc -m | awk '{print $1 - 1}')"
cpsample copy wide --table | tail -n 1 >"$STDOUT"
expect_match 'www\\x1b\[31m\\u\{202e\}\\n  1  ok$'
expect_equal "" "$(tr -cd '\033' <"$STDOUT")"
it "writes -o FILE whole or not at all"
expect_status 0 cpsample show -o out.json
expect_json '.name == "r0"' out.json
echo old >keep
echo '{"name":"a"} {' >broken
expect_status 65 cpsample copy broken -o keep
expect_equal old "$(cat keep)"
expect_status 73 cpsample show -o nowhere/out
expect_equal "broken keep out.json wide" "$(shopt -s dotglob; echo *)"

it "ends quietly when its reader goes away, with SIGPIPE even where that was ignored"
RAN='cpsample show | true'
STATUS=0
(trap '' PIPE; cpsample show -c 1000000 2>err | head -n 1 >/dev/null; exit "${PIPESTATUS[0]}") || STATUS=$?
expect_equal 141 "$STATUS"
expect_equal "" "$(cat err)"
it "says that the disk is full"
STATUS=0
cpsample show >/dev/full 2>err || STATUS=$?
expect_equal 74 "$STATUS"
expect_equal "cpsample: cannot write standard output: no space left on device" "$(cat err)"
STATUS=0
cpsample --version >/dev/full 2>err || STATUS=$?
expect_equal 74 "$STATUS"
it "cleans up at SIGINT and ends by it"
start_server sample env --default-signal=INT cpsample wait
wait_line sample ready >/dev/null
stop_server sample INT
expect_equal 130 "$STATUS"
expect_equal "cpsample: cleaned up" "$(cat "$TESTDIR/sample.err")"
