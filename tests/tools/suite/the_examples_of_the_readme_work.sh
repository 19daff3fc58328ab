# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
. "$CP_SOURCE/tests/tools/harness.sh"
need jq python3
ln -s "$CP_SOURCE/demo" "$CP_SOURCE/share" .

it "prints what the README says that it prints"
expect_status 0 python3 "$CP_SOURCE/tests/tools/suite/readme.py" "$CP_SOURCE/README.md" "$PWD"
expect_match '^[0-9]+ examples$'
