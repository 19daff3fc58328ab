# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# What the tests of cpxfer share. Sourced after the harness.
#
#   plant_tree DIR        a tree with odd names, empty things, links, a sparse file and some megabytes
#   list DIR              names, types, modes, times, sizes and targets of what is in it, one a line
#   serve NAME DIR [FLAG…]   starts a server for DIR; $URL is its cpx://ADDRESS:PORT
#   endless FILE          a file that takes most of a minute: from now on nothing moves fast
#   arriving DIR          whether some of a file's data has arrived in a transfer's own directory there
#   left_behind DIR       what of cpxfer's own is in DIR or below
export PEER=$CP_SOURCE/tests/tools/cpxfer/peer.py
# Most of these tests are not about syncs, which wait for whoever else writes to the disk.
export PYTHONDONTWRITEBYTECODE=1 CP_CPXFER_DURABILITY=none

plant_tree() {
  mkdir -p "$1/d/inner/deep" "$1/hollow" "$1/many"
  printf 'hello\n' >"$1/small"
  : >"$1/empty"
  printf x >"$1/-rf"
  printf p >"$1/100%41"
  printf n >"$1/"$'new\nline'
  printf u >"$1/"$'\xff\xfe'
  printf e >"$1/"$'\e[31mred'
  printf s >"$1/ space "
  head -c 5000001 /dev/urandom >"$1/d/inner/big"
  head -c 262144 /dev/urandom >"$1/d/inner/packed"
  head -c 262145 /dev/urandom >"$1/d/inner/alone"
  truncate -s 67108864 "$1/d/sparse"
  printf end >>"$1/d/sparse"
  seq 700 | split -l 1 -a 3 - "$1/many/"
  ln -s inner/big "$1/d/link"
  ln -s ../small "$1/d/up"
  ln -s nowhere "$1/dangling"
  chmod 640 "$1/small"
  chmod 751 "$1/d/inner/big"
  chmod 444 "$1/d/inner/packed"
  chmod 555 "$1/hollow" "$1/d/inner/deep"
  touch -d '2001-09-09 01:46:40.123456789Z' "$1/small" "$1/d/inner/big" "$1/d/inner" "$1/hollow" "$1/many"
  touch -d '1969-07-20 20:17:40.5Z' "$1/empty"
}
list() {
  (cd "$1" && find . -mindepth 1 -printf '%P %y %m %T@ %s %l\0' | sort -z | tr '\0\n' '\n?' |
    sed -E 's/^(.* d [0-9]+ -?[0-9.]+) [0-9]+ /\1 /')
}
serve() {
  local name=$1 root=$2
  shift 2
  start_server "$name" cpxfer serve --anonymous --listen 127.0.0.1:0 --root "$root" "$@"
  URL=$(wait_line "$name" 'listening on cpx://')
  URL=${URL#*listening on } URL=${URL%%/ *}
}
endless() {
  head -c 201326592 /dev/urandom >"$1"
  export CP_CPXFER_BWLIMIT=4MB/s
}
arriving() { [ -n "$(find "$1" -path '*/.cpxfer/*' -type f -size +8k 2>/dev/null)" ]; }
left_behind() { find "$1" -name '.cpxfer*'; }
