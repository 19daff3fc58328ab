#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Names, arguments, variables and paths that hold escape sequences, line breaks, bidirectional
# controls, bytes that are no UTF-8, and too much: only a job's own output passes as it is.
. "$CP_SOURCE/tests/tools/harness.sh"
need script

evil=$'\e]0;pwned\a\e[2J\r\nx\u202e\u009b31m\x7f'
torn=$'\xff\xfe\e[2J\xc3'

# Nothing in the files but lines of printable UTF-8.
clean() {
  /usr/bin/python3 - "$@" <<'PYTHON' || fail "something got through: $RAN"
import sys, unicodedata
for name in sys.argv[1:]:
    text = open(name, "rb").read().decode("utf-8")
    for c in text.replace("\r\n", "\n"):
        if c != "\n" and unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp"):
            sys.exit(f"{name}: U+{ord(c):04X} in {text!r}")
PYTHON
}
# Runs it with a status that does not matter, as NDJSON, as a table, and on a terminal.
looks_clean() {
  RAN=$* STATUS=0
  "$@" >"$STDOUT" 2>"$STDERR" || STATUS=$?
  clean "$STDOUT" "$STDERR"
  [ ! -s "$STDOUT" ] || validate "$STDOUT"
  "$@" --table >"$STDOUT" 2>"$STDERR" || STATUS=$?
  clean "$STDOUT" "$STDERR"
  NO_COLOR=1 script -qec "$(printf '%q ' "$@")" /dev/null >"$STDOUT" 2>"$STDERR" || STATUS=$?
  clean "$STDOUT" "$STDERR"
}
# One line of diagnosis, and perhaps a hint below it, with STATUS.
refuses() {
  expect_status "$1" "${@:2}"
  clean "$STDOUT" "$STDERR"
  expect_equal 1 "$(grep -c '^cprun: ' "$STDERR")" "lines of diagnosis"
  [ "$(wc -l <"$STDERR")" -le 2 ] || fail "too many lines"
  [ "$(wc -c <"$STDERR")" -le 10000 ] || fail "too long a line"
}

it "passes a job's own output byte for byte"
printf '%s%s' "$evil" "$torn" >wanted
cprun run -q -- cat "$PWD/wanted" >got
cmp wanted got

it "shows a job whose every word is hostile"
printf x >"in$torn"
id=$(cprun submit --plain --name "$evil" --env "A=$torn$evil" --tag "project=$evil" --directory "d$evil" \
  --stage-in "in$torn:in$torn" --stage-out "out$torn:out$evil" -- sh -c 'cat "$1" >"$2"; printf "%s" "$A" >&2; exit 3' sh "in$torn" "out$torn")
RAN="cprun run --record record.json"
status=0
cprun run --name "$evil" --record record.json --stage-in "in$torn:in$torn" -- "./no such$torn$evil" >"$STDOUT" 2>"$STDERR" || status=$?
expect_equal 127 $status
clean "$STDERR" record.json
validate record.json
missing=$(jq -r .id record.json)
cprun wait "$id" >/dev/null 2>&1 || true
for command in list "list --open" "status $id" "status $missing" "wait $id" "wait $missing" "cancel $id" usage "usage --by name" "usage --by project,name"; do
  # shellcheck disable=SC2086
  looks_clean cprun $command
done
looks_clean cprun list --name "$evil"
looks_clean cprun status "$evil"
looks_clean cprun submit --dry-run --name "$evil" --env "A=$torn" --stage-in "in$torn:x$evil" -- "$torn" "$evil"
cprun list --plain >"$STDOUT"
clean "$STDOUT"
expect_status 0 cprun logs "$id"
expect_equal "$(printf '%s' "$torn$evil" | od -c)" "$(od -c <"$STDERR")"
expect_equal x "$(cat "out$evil")"

it "escapes what it refuses"
for words in status wait logs cancel "logs -f"; do
  # shellcheck disable=SC2086
  refuses 66 cprun $words "$evil$torn"
done
refuses 64 cprun "$evil$torn"
refuses 64 cprun list "--$evil$torn"
refuses 64 cprun usage --by "$evil$torn"
refuses 64 cprun list --state "$evil$torn"
refuses 64 cprun submit --on "$evil$torn" -- true
refuses 64 cprun submit --on "local:$evil" -- true
refuses 64 cprun submit --after "x:$evil$torn" -- true
refuses 64 cprun submit --retry-on "$evil$torn" -- true
refuses 64 cprun submit --gpu "$torn" -- true
refuses 64 cprun submit --array "$evil$torn" -- true
refuses 64 cprun submit --after "$evil$torn" -- true
refuses 66 cprun submit -f "$evil$torn"
refuses 66 cprun submit --offers "$evil$torn" -- true
refuses 66 cprun submit --stage-in "$evil$torn:x" -- true
refuses 66 cprun submit --stdin "$evil$torn" -- true
refuses 125 cprun run --record "$evil$torn/x" -- true
refuses 125 env CP_STATE_DIR="/dev/null/$evil$torn" cprun run -- true
refuses 78 env CP_CPRUN_GRACE="$evil$torn" cprun list

it "takes no name that is no text"
refuses 64 cprun submit --name "$torn" -- true
refuses 64 cprun submit --tag "a=$torn" -- true
refuses 64 cprun submit --tag "$torn=a" -- true
refuses 64 cprun submit --env "$torn=a" -- true
refuses 64 cprun submit --image "$torn" -- true

long=$(head -c 100000 /dev/zero | tr '\0' a)
it "hands over words of 100 kB, and refuses them where they have no place, in a line"
expect_equal 100000 "$(cprun run -q -- printf %s "$long" | wc -c)"
expect_equal 100000 "$(cprun run -q --env "LONG=$long" -- sh -c 'printf %s "$LONG"' | wc -c)"
looks_clean cprun list
refuses 64 cprun submit --name "$long" -- true
refuses 126 cprun run -q -- "$long"
refuses 125 cprun run -q --directory "$long" -- true
refuses 125 cprun run -q --stage-in "$long:x" -- true
refuses 125 cprun run -q --stdin "$long" -- true
refuses 125 cprun run -q --on "$long:" -- true
refuses 66 cprun status "$long"
refuses 64 cprun "$long"
looks_clean cprun list
