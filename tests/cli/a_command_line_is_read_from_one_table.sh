# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
. "$CP_SOURCE/tests/tools/harness.sh"
PATH="$CP_BUILD/tests/cli:$PATH"

it "says which flag was meant"
expect_status 64 cpsample show --cuont 3
expect_stderr "cpsample: there is no flag --cuont
  did you mean --count?"
it "says which command was meant"
expect_status 64 cpsample shwo
expect_match "did you mean show" "$STDERR"
expect_status 64 cpsample
expect_match "a command is missing" "$STDERR"

it "refuses values that do not fit their type, before the command runs"
for bad in "--count=x" "--count=-1" "--count=1.5" "--size=5parsecs" "--price=5" "--price=5CNY/fortnight" \
  "--kind=god" "--count" "--count="; do
  expect_status 64 cpsample show "$bad"
  expect_equal "" "$(cat "$STDOUT")"
  expect_match "^cpsample: --(count|size|price|kind)" "$STDERR"
done
it "takes nothing behind an equals sign for nothing, and not the next word"
expect_status 64 cpsample show --count= 5
expect_match "^cpsample: --count: ''" "$STDERR"
expect_status 64 cpsample show --kind= god
expect_match "^cpsample: --kind: ''" "$STDERR"

it "takes no misspelt switch for one that is off, nor for one that is on"
for bad in --closed=banana --closed= --closed=fasle --closed=2; do
  expect_status 64 cpsample show "$bad"
  expect_match "^cpsample: --closed: '.*' is neither yes nor no" "$STDERR"
done
expect_status 78 env CP_CPSAMPLE_CLOSED=enabled cpsample show
expect_match "^cpsample: CP_CPSAMPLE_CLOSED: --closed: 'enabled' is neither yes nor no" "$STDERR"
for yes in true TRUE Yes on 1; do
  expect_status 0 env CP_CPSAMPLE_CLOSED="$yes" cpsample show
  expect_json '.closed == true'
  expect_status 0 cpsample show --closed="$yes"
  expect_json '.closed == true'
done
for no in false No OFF 0; do
  expect_status 0 cpsample show --closed --closed="$no"
  expect_json '.closed == null'
done
expect_status 0 env CP_CPSAMPLE_CLOSED= cpsample show
expect_json '.closed == null'
it "refuses a text that no document could hold"
expect_status 64 cpsample show --tag $'a\xff'
expect_equal "cpsample: --tag: 'a\\xff' is not valid UTF-8" "$(cat "$STDERR")"
it "refuses a currency that is none, and says where it comes from"
expect_status 78 env CP_MONEY_CURRENCY=zzzz cpsample show
expect_match "^cpsample: CP_MONEY_CURRENCY: money.currency: 'zzzz' is no currency$" "$STDERR"
printf '[money]\ncurrency = "XX"\n' >money.toml
expect_status 78 cpsample show --config money.toml
expect_match "money.toml: money.currency: 'XX' is no currency" "$STDERR"
it "refuses one operand too many"
expect_status 64 cpsample wait now
expect_match "'now' is one word too many" "$STDERR"

it "takes flags before the command, joined, short, and between operands"
expect_status 0 cpsample --json show -c2 one --tag=[x,y] two -t '{a}' -- -n --help
expect_json '($all | length) == 2 and .operands == ["one","two","-n","--help"] and .tags == ["[x,y]","{a}"]'
it "takes an amount without a currency from the configuration"
expect_status 0 env CP_MONEY_CURRENCY=CNY cpsample show --price 15/card-hour
expect_json '.price == "15.00 CNY/card-hour"'

it "lets the command line win over the environment, that over the user's file, that over the default"
mkdir -p "$XDG_CONFIG_HOME/cptools"
expect_status 0 cpsample show --print-config
expect_match '^cpsample.count = "1"  # default$'
printf '[cpsample]\ncount = 2\n' >"$XDG_CONFIG_HOME/cptools/config.toml"
expect_status 0 cpsample show
expect_json '$all | length == 2'
expect_status 0 env CP_CPSAMPLE_COUNT=3 cpsample show
expect_json '$all | length == 3'
expect_status 0 env CP_CPSAMPLE_COUNT=3 cpsample show --count 4
expect_json '$all | length == 4'
expect_status 0 cpsample show --print-config
expect_match '^cpsample.count = "2"  # /.*/config.toml$'
it "says that a setting's value is bad, and where it stands"
expect_status 78 env CP_CPSAMPLE_COUNT=many cpsample show
expect_match "CP_CPSAMPLE_COUNT: --count: 'many'" "$STDERR"
it "warns of a setting that nobody knows"
printf '[cpsample]\ncuont = 2\n' >"$XDG_CONFIG_HOME/cptools/config.toml"
expect_status 0 cpsample show
expect_match "there is no setting cpsample.cuont; did you mean cpsample.count?" "$STDERR"
printf '[money]\ncurency = "CNY"\n[bogus]\nx = 1\n[cpid]\nx = 1\n' >"$XDG_CONFIG_HOME/cptools/config.toml"
expect_status 0 cpsample show
expect_match "there is no setting money.curency; did you mean money.currency?" "$STDERR"
expect_match "there is no setting bogus.x$" "$STDERR"
expect_equal "" "$(grep cpid.x "$STDERR")"
it "refuses a configuration that is malformed, missing or open to others"
printf '[cpsample\n' >bad.toml
expect_status 78 cpsample show --config bad.toml
expect_match "bad.toml:1:" "$STDERR"
expect_status 66 cpsample show --config none.toml
chmod 666 bad.toml
expect_status 78 cpsample show --config bad.toml
expect_match "may be written by others" "$STDERR"
