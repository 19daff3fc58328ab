#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
. "$CP_SOURCE/tests/tools/harness.sh"

cache=$XDG_CACHE_HOME/cptools/offers.db
{ echo InstanceType,vCPUs,Price,Region; seq 1 2000 | sed 's/.*/t&,&,0.&1,r&/'; } >vms.csv
expect_status 0 cpfind import vms.csv --name first
cp "$cache" good

it "tells a query what to do about a file that is no database"
head -c 8192 /dev/urandom >"$cache"
expect_status 65 cpfind --limit 1
expect_match '^cpfind: the cache is damaged' "$STDERR"
expect_match 'import the catalogs again' "$STDERR"

it "sets it aside for the next import, and says so"
expect_status 0 cpfind import vms.csv --name again
expect_match '^cpfind: the cache was damaged and is made anew' "$STDERR"
[ -e "$cache.damaged" ]
expect_status 0 cpfind --limit 1
expect_json '$all[-1].matched == 2000'

it "neither crashes nor makes offers up, wherever a page is damaged"
for ((page = 0; page < $(stat -c %s good) / 4096; page += 7)); do
  rm -f "$cache"*
  cp good "$cache"
  printf '\xff\xff\xff\xff\xff\xff\xff\xff' | dd of="$cache" bs=1 seek=$((page * 4096)) conv=notrunc status=none
  cpfind --where 'cpus >= 10' --limit 3 >out 2>err || [ $? -eq 65 ] || fail "page $page: $(cat err)"
  cpfind import vms.csv --name first >out 2>err || [ $? -eq 65 ] || fail "page $page: $(cat err)"
done

it "takes a cache that is a directory for what it is"
rm -rf "$cache"*
mkdir "$cache"
expect_status 73 cpfind --limit 1
expect_equal 1 "$(grep -c '^cpfind: ' "$STDERR")"
expect_status 73 cpfind import vms.csv
rmdir "$cache"

if [ "$(id -u)" -ne 0 ]; then # root writes everywhere
  it "cannot write into a directory that is read-only"
  chmod 500 "${cache%/*}"
  expect_status 73 cpfind import vms.csv
fi
