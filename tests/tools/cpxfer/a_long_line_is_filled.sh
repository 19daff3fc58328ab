#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Over a long line more is on its way, and where streams lose what they send, more of them share the work.
. "$CP_SOURCE/tests/tools/harness.sh"
. "$CP_SOURCE/tests/tools/cpxfer/moving.sh"
need openssl
. "$CP_SOURCE/tests/tools/far_net.sh"

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=dtn \
  -addext subjectAltName=IP:10.99.0.2 -keyout dtn.key -out dtn.pem 2>/dev/null
chmod 600 dtn.key
cpid init >/dev/null
code=$(cpid mint --plain)
cpid token issue line.token --subject line --audience "$code" --grant write --grant read >/dev/null
mkdir srv
export CP_CPXFER_CA=$PWD/dtn.pem CP_CPXFER_TOKEN=$PWD/line.token
server=cpx://10.99.0.2:7031
start_far_server() {
  start_server far_server nsenter --net --target "${SERVERS[far_net]}" cpxfer serve --tls-cert dtn.pem \
    --tls-key dtn.key --audience "$code" --listen 10.99.0.2:7031 --root srv
  wait_line far_server 'listening on cpx://' >/dev/null
}
for host in near far; do
  $host sysctl -q -w net.ipv4.tcp_rmem='4096 131072 67108864' net.ipv4.tcp_wmem='4096 131072 67108864'
done

# 200 ms there and back: the 8 MiB that are on their way on a short path would be 336 Mbit/s.
start_line --delay 100 --rate 2000
start_far_server
it "has more on its way on one stream than a short path needs"
expect_status 0 near cpxfer bench --streams 1 --direction push --rails-only --time 4s $server/
expect_json '.stage == "rail" and .rate_bps > 1.2 * 8 * 8388608 / 0.2'

it "tells the round trip, and what is on its way"
head -c 100000 /dev/urandom >some
expect_status 0 near cpxfer some $server/some
validate "$STDOUT"
expect_json '.rails[0].rtt_s >= 0.2 and .rails[0].rtt_s < 2 and .rails[0].streams == 8'
expect_json '.rails[0].streams * .rails[0].window_bytes == 134217728'
cmp some srv/some
stop_server far_server
end_line

it "opens more streams where those that there are lose too much, and all arrives"
use_congestion_control reno || skip "there is no reno"
start_line --delay 20 --loss 0.005
start_far_server
head -c 16000000 /dev/urandom >much
expect_status 0 near cpxfer much $server/much
expect_json '.state == "done" and .rails[0].streams > 3'
cmp much srv/much

it "and keeps to what was asked for"
expect_status 0 near cpxfer --streams 5 some $server/again
expect_json '.rails[0].streams == 5'
