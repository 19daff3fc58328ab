#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A sync may take longer than the time after which a silent peer is given up: the receiver still lives.
. "$CP_SOURCE/tests/tools/harness.sh"
. "$CP_SOURCE/tests/tools/cpxfer/moving.sh"
need strace python3
unset CP_CPXFER_DURABILITY
strace -o /dev/null true 2>/dev/null || skip "strace may not trace here"

mkdir srv src
head -c 3000000 /dev/urandom >src/large
echo small >src/small
# More than one group of links, whose commit the receiver's own ear would have to wait for.
mkdir src/links
python3 -c 'import os; [os.symlink("x", f"src/links/{n}") for n in range(4500)]'
slow() { strace -f -qq -o /dev/null -e trace=fsync,fdatasync,syncfs -e inject=fsync,fdatasync,syncfs:delay_exit=2000000 "$@"; }
declare -fx slow

start_server server bash -c 'slow cpxfer serve --anonymous --listen 127.0.0.1:0 --root srv --timeout 1500ms'
URL=$(wait_line server 'listening on cpx://')
URL=${URL#*listening on } URL=${URL%%/ *}

it "a sender waits for a receiver whose disk is slow"
expect_status 0 cpxfer --anonymous --timeout 1500ms src/ "$URL/in"
validate "$STDOUT"
expect_json '.state == "done" and .duration_s > 2'
expect_status 0 diff -r --no-dereference src srv/in

it "and so the server that sends to a client with a slow disk"
expect_status 0 slow cpxfer --anonymous --timeout 1500ms "$URL/in/" back
expect_json '.state == "done" and .duration_s > 2'
expect_status 0 diff -r --no-dereference src back
