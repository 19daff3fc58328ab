#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
. "$CP_SOURCE/tests/tools/harness.sh"
unshare -rm true 2>/dev/null || skip "this user may mount nothing"

mkdir -p src/here src/mounted
printf x >src/here/x
it "moves the directory that something is mounted on, and nothing in it"
expect_status 0 unshare -rm sh -c 'mount -t tmpfs none src/mounted && printf y >src/mounted/y &&
  cpxfer -x src one/ && cpxfer src all/'
[ -e one/src/here/x ] && [ -d one/src/mounted ] && [ ! -e one/src/mounted/y ]
[ -e all/src/mounted/y ]
