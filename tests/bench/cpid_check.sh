#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Ten million identifiers through a pipe, on one core; a regular expression of grep that only looks
# at their form is the peer.
. "$CP_SOURCE/tests/bench/bench.sh"
cpid init >/dev/null
cpid mint --count 100000 --plain >some
for _ in {1..100}; do cat some; done >codes
form='^cp:[0-9.]+/[0-9A-HJKMNP-TV-Z]{4,32}-[0-9A-HJKMNP-TV-Z]{2}$'
cat >ours <<'SH'
cat codes | taskset -c 0 cpid check --json
SH
cat >peer <<SH
cat codes | taskset -c 0 grep -cE '$form'
SH
compare 'check of 10 million identifiers' --ours 'sh ours' --peer 'sh peer' --within 2 --items 1e7 --runs 3
expect_status 0 sh ours
expect_json '.summary.valid == 10000000'
finish
