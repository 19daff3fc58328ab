# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
. "$CP_SOURCE/tests/tools/harness.sh"
PATH="$CP_BUILD/tests/cli:$PATH"

it "cuts the job off at its first word"
expect_status 0 cpsample job -q prog '' '[x,y]' '{a}' -n --help '%%' $'\n' -- --json
expect_equal "$(printf '%s\n' 4:prog 0: '5:[x,y]' '3:{a}' 2:-n 6:--help 2:%% $'1:\n' 2:-- 6:--json)" "$(cat "$STDOUT")"
it "cuts the job off at --"
expect_status 0 cpsample job -- -q $'\xff\xfe' "a b"
expect_equal "$(printf '%s\n' 2:-q $'2:\xff\xfe' '3:a b')" "$(cat "$STDOUT")"
it "still finds its own flags before it"
expect_status 0 cpsample job --color never -o out.txt prog
expect_equal "4:prog" "$(cat out.txt)"
it "has one status for every error of a command whose status is its job's"
expect_status 125 cpsample other
expect_stderr "cpsample: no luck"
expect_status 125 cpsample other --no-such-flag
expect_match 'no flag --no-such-flag' "$STDERR"
expect_status 64 cpsample othr
