#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A million identifiers, each durable before it is printed, and one with the fsyncs that it takes.
. "$CP_SOURCE/tests/bench/bench.sh"
cpid init >/dev/null
compare 'a million identifiers minted' --ours 'cpid mint --count 1000000 --plain' --within 5 --items 1e6 --runs 1
compare 'one identifier minted' --ours 'cpid mint --plain' --peer 'rsync --version' --runs 11
finish
