#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Following the feed of a registry of BENCH_RECORDS signed records (1,000,000), over HTTP on this
# machine and so with the server on the same processors, beside verifying the same records: as many
# "cpid verify" at once as there are processors, each with its share and a store of its own. The
# authority is made once; each of BENCH_RUNS runs begins with empty stores, and one that is killed
# with SIGKILL on its way must go on and end with the same records.
. "$CP_SOURCE/tests/bench/bench.sh"
. "$CP_SOURCE/tests/tools/cpid/machines.sh"
need sqlite3
RECORDS=${BENCH_RECORDS:-1000000} RUNS=${BENCH_RUNS:-1}
processors=$(nproc)
figure() { # NAME VALUE OK
  printf '%-48s %s%s\n' "$1" "$2" "$([ "$3" = 1 ] || echo '  MISSED')"
  [ "$3" = 1 ] || MISSED=1
}
seconds_since() { awk -v from="$1" -v to="$(date +%s%N)" 'BEGIN { printf "%.2f", (to - from) / 1e9 }'; }

# The ledger's entries of the records, each with its hash; what "cpid register" would enter one by
# one, each with a sync of its own.
cat >enter.py <<'PYTHON'
import hashlib, json, sqlite3, sys
db = sqlite3.connect(sys.argv[1])
authority, seq, last = db.execute("SELECT authority, seq, hash FROM ledger ORDER BY seq DESC LIMIT 1").fetchone()
form = lambda value: json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
for line in sys.stdin:
    record, seq = json.loads(line), seq + 1
    entry = form({"alias": [], "at": "2026-11-22T08:00:00Z", "id": record["id"], "op": "register", "prefix": "86",
                  "record": "sha256:" + hashlib.sha256(form(record)).hexdigest(), "record_seq": 1, "seq": seq})
    last = hashlib.sha256(last + entry).digest()
    db.execute("INSERT INTO ledger VALUES (?, ?, ?, ?)", (authority, seq, entry.decode(), last))
    db.execute("INSERT INTO resource VALUES (?, ?, 1, ?)", (authority, record["id"].split("/")[1].split("-")[0], line.strip()))
db.commit()
PYTHON
# Runs a command and writes its largest memory (KiB), user and system time to a file.
cat >measured.py <<'PYTHON'
import resource, subprocess, sys
status = subprocess.run(sys.argv[2:]).returncode
used = resource.getrusage(resource.RUSAGE_CHILDREN)
open(sys.argv[1], "w").write("%d %.2f %.2f\n" % (used.ru_maxrss, used.ru_utime, used.ru_stime))
sys.exit(status)
PYTHON
as lab cpid init --prefix 86 >root.json
key=$TESTDIR/lab/keys/$(jq -r .proof.key root.json).pem
as lab cpid mint --count "$RECORDS" --plain >codes
# The numbers of the record are such that Python writes them as RFC 8785 does.
body='"seq":1,"issued":"2026-01-01T00:00:00Z","valid_until":"2100-01-01T00:00:00Z","name":"node","kind":"node","nodes":1,"provider":{"prefix":"86","name":"National node"},"place":{"country":"CN","region":"cn-sh","lat":31.23,"lon":121.47},"node":{"cpu":{"vendor":"intel","model":"Xeon Platinum 8480+","arch":"x86_64","sockets":2,"cores":112,"threads":224,"clock_hz":2000000000},"memory_bytes":2199023255552,"disk_bytes":15360000000000,"accelerators":[{"vendor":"nvidia","model":"H100-SXM-80GB","count":8,"memory_bytes":85899345920}]},"prices":[{"terms":"on-demand","unit":"card-hour","price":{"amount":"14.50","currency":"CNY"},"as_of":"2026-01-01T00:00:00Z"}],"access":[{"role":"launch","url":"slurm+ssh://login.example","workdir":"/scratch"}]'
awk -v body="$body" '{ print "{\"schema\":\"cp.resource/1\",\"id\":\"" $0 "\"," body "}" }' codes | cpid sign --key "$key" >records
/usr/bin/python3 enter.py "$TESTDIR/lab/identity.db" <records
as lab cpid head --plain >/dev/null
echo "$RECORDS records of about $(head -1 records | wc -c) bytes, $processors processors"

CP_STATE_DIR=$TESTDIR/lab start_server lab cpid serve --anonymous --listen 127.0.0.1:0
url=$(wait_line lab 'cp.server/1' | jq -r .url)
as user cpid trust add --prefix 86 root.json >anchor
split --number="l/$processors" --numeric-suffixes records share.
fresh() { # NAME
  rm -rf "${TESTDIR:?}/$1"
  cp -r "$TESTDIR/user" "$TESTDIR/$1"
}
kept() { sqlite3 "$TESTDIR/$1/identity.db" "SELECT count(*) FROM kept WHERE kind = 'cp.resource'"; }
follow() { as "$1" cpid sync --json "$url" >"$1.sync"; }

for ((run = 1; run <= RUNS; ++run)); do
  verifiers=()
  for share in share.*; do fresh "$share.state"; done
  begin=$(date +%s%N)
  for share in share.*; do
    as "$share.state" cpid verify --only-bad <"$share" >"verdict.$share" &
    verifiers+=($!)
  done
  for verifier in "${verifiers[@]}"; do wait "$verifier" || fail "not all hold"; done
  verifying=$(seconds_since "$begin")
  rm -rf "$TESTDIR"/share.*.state
  fresh follower
  begin=$(date +%s%N)
  as follower /usr/bin/python3 measured.py follower.time cpid sync --json "$url" >follower.sync || fail "$(cat follower.sync)"
  syncing=$(seconds_since "$begin")
  expect_equal complete "$(jq -r .status follower.sync)"
  expect_equal "$RECORDS" "$(kept follower)"
  read -r most user system <follower.time
  echo "$verifying $syncing $((most / 1024)) $user $system" | tee -a runs |
    awk '{ printf "verify %s s, sync %s s = %.2f; sync used %.1f CPU s and %d MiB\n", $1, $2, $2 / $1, $4 + $5, $3 }'
done
median=$(awk '{ printf "%.3f\n", $2 / $1 }' runs | sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }')
figure "sync / verifying on $processors processors" "$median (target 1.5)" "$(awk -v r="$median" 'BEGIN { print (r <= 1.5) }')"
memory=$(awk '{ print $3 }' runs | sort -n | tail -1)
figure "memory of sync at most" "$memory MiB (target 200)" "$((memory <= 200))"
served=$(awk '/VmHWM/ { print int($2 / 1024) }' "/proc/${SERVERS[lab]}/status")
figure "memory of the registry at most" "$served MiB (target 200)" "$((served <= 200))"

# Killed on its way, a sync goes on from the last page that was durable.
fresh follower
CP_STATE_DIR=$TESTDIR/follower cpid sync --json "$url" >follower.sync 2>/dev/null & victim=$!
sleep "$(awk -v s="$syncing" 'BEGIN { print s / 2 }')"
kill -KILL $victim
wait $victim || true
half=$(kept follower)
follow follower || fail "$(cat follower.sync)"
expect_equal "$RECORDS" "$(kept follower)"
figure "killed with $half records, then" "$(jq -r '"\(.status) after \(.entries) entries more"' follower.sync)" 1
stop_server lab
finish
