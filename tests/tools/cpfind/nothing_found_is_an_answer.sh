#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
. "$CP_SOURCE/tests/tools/harness.sh"
. "$CP_SOURCE/tests/tools/cpfind/finding.sh"

it "says that there is nothing to ask yet, and still answers"
expect_status 1 cpfind --gpu H100:8
validate "$STDOUT"
expect_json '.schema == "cp.answer/1" and .matched == 0 and .sources == []'
expect_match "^cpfind: there is nothing to ask yet" "$STDERR"
expect_match "cpfind import FILE" "$STDERR"

it "leaves nothing behind when it only asked"
expect_equal '' "$(find "$XDG_CACHE_HOME" -type f 2>/dev/null)"

catalog site.ndjson
expect_status 0 cpfind import site.ndjson
it "answers with an empty set and exit status 1"
expect_status 1 cpfind --cpus 1000+
expect_json '.matched == 0 and .unknown == 1'
expect_stderr ''

it "warns of an accelerator that nobody has heard of"
expect_status 1 cpfind --gpu H10O:8
expect_match "no accelerator is called 'H10O'" "$STDERR"
expect_match 'did you mean H100\?' "$STDERR"
expect_status 1 cpfind --gpu MI25:8
expect_stderr ''

it "prints an empty table as the sums alone"
expect_status 1 cpfind --table --cpus 1000+
expect_match '^0 of 0 offers; 1 could not be judged$'
