#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What a registry answers is signed, so a web server that knows nothing of it can give it out.
. "$CP_SOURCE/tests/tools/harness.sh"
. "$CP_SOURCE/tests/tools/cpid/machines.sh"
. "$CP_SOURCE/tests/tools/cpid/serving.sh"
need nginx curl sqlite3
# Fetches what a registry at URL has into the folder www, as any mirror would.
mirror() {
  rm -rf www
  mkdir -p www/v1/id www/v1/alias/lab
  curl -sf "$URL/v1/bootstrap" -o www/v1/bootstrap
  curl -sf "$URL/v1/feed?since=0&limit=10000" -o www/v1/feed
  for code in $(as nation cpid list --codes --plain); do
    mkdir -p "www/v1/id/${code%/*}"
    curl -sf "$URL/v1/id/$(code_path "$code")" -o "www/v1/id/$code" || rm -f "www/v1/id/$code"
  done
  curl -sf "$URL/v1/alias/lab/b" -o www/v1/alias/lab/b
}
record() { # NAME MORE
  as nation cpid register <<<'{"schema":"cp.resource/1","kind":"node","nodes":1,"name":"'"$1"'"'"${2:-}"'}'
}
resolve() { as reader cpid resolve --registry "$FILES" "$@"; }
sync_it() { as reader cpid sync "$FILES"; }

as nation cpid init --prefix 86 --name Nation >root.json
a=$(record a | jq -r .id)
b=$(record b ',"alias":["@lab/b"]' | jq -r .id)
as nation cpid head >head.json
CP_STATE_DIR=$TESTDIR/nation serve live
mirror
stop_server live
cat >nginx.conf <<CONF
daemon off;
worker_processes 1;
pid $PWD/nginx.pid;
error_log $PWD/error.log;
events { worker_connections 64; }
http {
  access_log $PWD/access.log;
  client_body_temp_path $PWD/t1; proxy_temp_path $PWD/t2; fastcgi_temp_path $PWD/t3;
  uwsgi_temp_path $PWD/t4; scgi_temp_path $PWD/t5;
  server { listen 127.0.0.1:PORT; root $PWD/www; }
}
CONF
PORT=$(/usr/bin/python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
sed -i "s/PORT/$PORT/" nginx.conf
chmod 755 "$TESTDIR" . && chmod -R a+rX www
[ "$(id -u)" -ne 0 ] || sed -i '1i user root;' nginx.conf
start_server files nginx -e "$PWD/error.log" -c "$PWD/nginx.conf"
wait_port "$PORT"
FILES=http://127.0.0.1:$PORT/
as reader cpid trust add --prefix 86 root.json >anchor

it "resolves codes and aliases from files, and proves them"
expect_status 0 resolve "$a" @lab/b
validate "$STDOUT"
expect_json '[$all[].id] == ["'"$a"'", "'"$b"'"] and ([$all[].proof] | all)'
expect_status 66 resolve "$(as nation cpid mint --plain)"
expect_match 'knows no' "$STDERR"
expect_status 66 resolve @lab/none

it "tells offline as of when that is, and how old the newest head is"
expect_status 0 as reader cpid resolve --offline "$a"
expect_match "$a: verified as of 2[0-9-]*T[0-9:]*Z; the newest head of prefix 86 is .* old" "$STDERR"
expect_match "$a: from $FILES, asked .* ago" "$STDERR"
expect_status 0 as reader cpid resolve --offline --max-head-age 1h "$a"
expect_status 77 as reader cpid resolve --offline --max-head-age 1ms "$a"
expect_match "$a: the newest head of prefix 86 is of .* \(old_head\)" "$STDERR"
expect_json '[$all[].schema] == ["cp.error/1"]'

it "follows their feed, and again when there is more"
expect_status 0 sync_it
validate "$STDOUT"
expect_json '.status == "complete" and .records == 2'
expect_status 0 sync_it
expect_json '.status == "complete" and .records == 2'
CP_STATE_DIR=$TESTDIR/nation serve live
c=$(record c | jq -r .id)
as nation cpid head >head.json
mirror
chmod -R a+rX www
stop_server live
expect_status 0 sync_it
expect_json '.status == "complete" and .records == 3'
expect_status 0 as reader cpid resolve --offline "$c"

it "is not misled by files that somebody has changed"
sed -i 's/"name":"a"/"name":"z"/' "www/v1/id/$a"
expire() { sqlite3 "$TESTDIR/reader/resolver.db" 'UPDATE answer SET fresh_until = 0; UPDATE feed SET synced_at = 0, tried_at = 0'; }
expire
expect_status 77 resolve "$a"
expect_match 'bad_signature' "$STDERR"
sed -i 's/"name":"c"/"name":"z"/' www/v1/feed
expect_status 0 as other cpid trust add --prefix 86 root.json
expect_status 1 as other cpid sync "$FILES"
expect_json '.status == "lying"'
expect_status 66 as other cpid resolve --offline "$c"
