#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Resolving from a registry of BENCH_RECORDS records (1,000,000), beside nginx that serves a static
# file of the same size, in turn, with the load generator on the same processors. The records are
# copies of one: a registry gives out what it has, and only readers verify.
. "$CP_SOURCE/tests/bench/bench.sh"
PATH=$PATH:/usr/sbin
need wrk nginx sqlite3 curl
RECORDS=${BENCH_RECORDS:-1000000} RUNS=${BENCH_RUNS:-5}
free_port() { /usr/bin/python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
# figure NAME VALUE OK: one line; OK is 0 when the target was missed
figure() {
  printf '%-48s %s%s\n' "$1" "$2" "$([ "$3" = 1 ] || echo '  MISSED')"
  [ "$3" = 1 ] || MISSED=1
}
rate() { awk '/Requests\/sec/ { print $2 }' "$1"; }

cpid init >/dev/null
cat >record <<'JSON'
{"schema":"cp.resource/1","kind":"node","name":"h100-pool","nodes":64,"place":{"country":"CN","region":"cn-sh","city":"Shanghai","lat":31.23,"lon":121.47},"node":{"cpu":{"vendor":"intel","model":"Xeon Platinum 8480+","arch":"x86_64","sockets":2,"cores":112,"threads":224},"memory_bytes":2199023255552,"accelerators":[{"vendor":"nvidia","model":"H100-SXM-80GB","count":8,"memory_bytes":85899345920}]},"limits":{"walltime_s":604800,"nodes_per_job":32}}
JSON
code=$(cpid register record --plain)
cpid mint --count "$RECORDS" --plain >/dev/null
sqlite3 "$CP_STATE_DIR/identity.db" "INSERT OR IGNORE INTO resource SELECT i.authority, i.serial, 1, r.record
  FROM identifier i CROSS JOIN (SELECT record FROM resource LIMIT 1) r" 2>/dev/null
start_server ours cpid serve --anonymous --listen 127.0.0.1:0 --connections-per-address 4000
url=$(wait_line ours 'cp.server/1' | jq -r .url)v1/id/$(jq -rn --arg code "$code" '$code | @uri')
curl -s "$url" >record.json
mkdir www
cp record.json www/record.json
port=$(free_port)
cat >nginx.conf <<CONF
worker_processes 2; daemon off; pid $PWD/nginx.pid; error_log $PWD/nginx.log;
events { worker_connections 4096; }
http { access_log off; client_body_temp_path $PWD/t1; proxy_temp_path $PWD/t2; fastcgi_temp_path $PWD/t3;
  uwsgi_temp_path $PWD/t4; scgi_temp_path $PWD/t5; keepalive_requests 1000000000;
  server { listen 127.0.0.1:$port; root $PWD/www; } }
CONF
chmod -R go+rX "$TESTDIR"
start_server nginx nginx -c "$PWD/nginx.conf"
wait_port "$port"
peer=http://127.0.0.1:$port/record.json
echo "$RECORDS records; $(stat -c %s record.json) bytes each"

for run in $(seq "$RUNS"); do
  wrk -t1 -c32 -d3s "$url" >"ours.$run"
  wrk -t1 -c32 -d3s "$peer" >"peer.$run"
  echo "$(rate "ours.$run") $(rate "peer.$run")"
done | awk '{ printf "%s %s %.3f\n", $1, $2, $1 / $2 }' | sort -k3n >ratios
median=$(awk '{ all[NR] = $0 } END { print all[int((NR + 1) / 2)] }' ratios)
read -r ours nginx ratio <<<"$median"
figure "resolve: ours / nginx, requests a second" "$ours / $nginx = $ratio (target 0.5)" \
  "$(awk -v r="$ratio" 'BEGIN { print (r >= 0.5) }')"

# Half load, at fixed times: each request's time counts from when it was due.
cat >open_loop.py <<'PYTHON'
import asyncio, sys, time, urllib.parse
url, rate, seconds = urllib.parse.urlsplit(sys.argv[1]), float(sys.argv[2]), 5
async def connection(number, count, times):
    reader, writer = await asyncio.open_connection(url.hostname, url.port)
    request = ("GET %s HTTP/1.1\r\nHost: a\r\n\r\n" % url.path).encode()
    begin = time.perf_counter() + 0.2
    for i in range(int(rate * seconds / count)):
        due = begin + (i * count + number) / rate
        await asyncio.sleep(max(0, due - time.perf_counter()))
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        length = int([l for l in head.split(b"\r\n") if l.lower().startswith(b"content-length")][0].split(b":")[1])
        await reader.readexactly(length)
        times.append(time.perf_counter() - due)
async def main():
    times = []
    await asyncio.gather(*[connection(n, 32, times) for n in range(32)])
    times.sort()
    print("%d %.2f %.2f" % (len(times) / seconds, times[len(times) // 2] * 1e3, times[len(times) * 99 // 100] * 1e3))
asyncio.run(main())
PYTHON
# The load is half of what was resolved above. A generator in Python makes some thousands of requests
# a second; wrk, whose connections pause between two requests, makes up the rest. A connection's pause is longer than it was told on a busy machine:
# the number of connections is fitted until wrk makes what is wanted, within 5 %.
wanted=$(awk -v r="$ours" 'BEGIN { print int(r / 2) }')
echo 'function delay() return 2 end' >pause.lua
connections=$(awk -v r="$wanted" 'BEGIN { print int((r - 1000) / 400) + 1 }')
for fitting in 1 2 3 4 5 6; do
  wrk -t1 -c"$connections" -d7s -s pause.lua "$url" >load & load=$!
  /usr/bin/python3 open_loop.py "$url" 1000 >half
  wait $load
  read -r got p50 p99 <half
  made=$(awk -v a="$(rate load)" -v b="$got" 'BEGIN { print int(a + b) }')
  share=$(awk -v m="$made" -v n="$ours" 'BEGIN { printf "%.3f", m / n }')
  echo "  fitting $fitting: $connections connections make $made requests a second = $share of the rate above, p99 $p99 ms"
  if awk -v s="$share" 'BEGIN { exit s >= 0.475 && s <= 0.525 ? 0 : 1 }'; then break; fi
  connections=$(awk -v c="$connections" -v w="$wanted" -v m="$made" -v g="$got" \
    'BEGIN { n = int(c * (w - g) / (m > g ? m - g : 1) + 0.5); print (n < 1 ? 1 : (n > 3000 ? 3000 : n)) }')
done
figure "p99 at half that load: $made of $ours a second" "p50 $p50 ms, p99 $p99 ms (target 20 ms), $share of it" \
  "$(awk -v p="$p99" -v s="$share" 'BEGIN { print (p <= 20 && s >= 0.475) }')"

cat >slow.py <<'PYTHON'
import socket, sys, time, urllib.parse
url = urllib.parse.urlsplit(sys.argv[1])
held = []
for i in range(1000):
    s = socket.create_connection((url.hostname, url.port))
    s.send(b"GET / HT")
    held.append(s)
print("held", flush=True)
time.sleep(60)
PYTHON
start_server slow /usr/bin/python3 slow.py "$url"
wait_line slow held >/dev/null
wrk -t1 -c32 -d3s "$url" >with_slow
figure "with 1,000 slow connections open" "$(rate with_slow) requests a second" "$(awk -v r="$(rate with_slow)" -v o="$ours" 'BEGIN { print (r > o / 4) }')"
memory=$(awk '/VmHWM/ { print int($2 / 1024) }' "/proc/${SERVERS[ours]}/status")
figure "memory at most" "$memory MiB (target 200)" "$((memory <= 200))"
start=$(date +%s%N)
curl -s "${url%/id/*}/search?where=cores+%3E+1000" >/dev/null
figure "search through all records, none fits" "$((($(date +%s%N) - start) / 1000000)) ms" 1
kill -KILL "${SERVERS[slow]}"
stop_server nginx QUIT
stop_server ours
finish
