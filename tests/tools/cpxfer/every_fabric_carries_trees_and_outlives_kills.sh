#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Each provider of libfabric that a rail can use, end to end; and killed again and again at either end
# the other one ends by itself, and the same command goes on. CP_KILLS: how often, all together (30).
KILLS=$((${CP_KILLS:-30} / 6 + 1)) # before the harness forgets it
. "$CP_SOURCE/tests/tools/harness.sh"
. "$CP_SOURCE/tests/tools/cpxfer/moving.sh"
ldconfig -p | grep 'libfabric.so.1' >"$TESTDIR/library" || skip "libfabric is not installed"

plant_tree src
find src -type f -exec touch -d '1 hour ago' {} +
mkdir srv
shared() { find /dev/shm -maxdepth 1 -user "$(id -u)" -name 'cpxfer-*' | sort; }
shared >"$TESTDIR/shared"
# Two ends of another test that meet just now have names for a moment.
is_nothing_shared() { [ -z "$(comm -13 "$TESTDIR/shared" <(shared))" ]; }
expect_nothing_shared() { wait_until is_nothing_shared; }
declare -A PROVIDERS=([tcp]=tcp [rxm]='tcp;ofi_rxm' [shm]=shm)

serve server srv -v
for name in tcp rxm shm; do
  rail="fabric:${PROVIDERS[$name]}"
  it "moves a tree there and back over $rail"
  expect_status 0 cpxfer --anonymous --rail "$rail" --streams 3 src/ "$URL/$name"
  validate "$STDOUT"
  expect_json '.state == "done" and .failed == [] and .rails[0].kind == "fabric" and .rails[0].streams == 3'
  expect_json ".rails[0].provider == \"${PROVIDERS[$name]}\""
  expect_equal "$(list src)" "$(list srv/$name)"
  expect_status 0 diff -r --no-dereference src srv/$name
  expect_status 0 cpxfer --anonymous --rail "$rail" "$URL/$name/" back-$name
  expect_json '.state == "done" and .failed == []'
  expect_equal "$(list src)" "$(list back-$name)"
  expect_status 0 diff -r --no-dereference src back-$name

  it "compresses over $rail, too"
  mkdir text-$name
  seq 400000 >text-$name/numbers
  expect_status 0 cpxfer --anonymous --rail "$rail" --compress=3 text-$name/ "$URL/text-$name"
  expect_json '.bytes.wire < 0.8 * .bytes.moved'
  expect_status 0 diff -r text-$name srv/text-$name

  it "measures $rail"
  expect_status 0 cpxfer bench --time 1s --rails-only --anonymous --rail "$rail" "$URL"
  validate "$STDOUT"
  expect_json "[\$all[] | select(.stage == \"rail\")] | length == 2 and all(.rail.provider == \"${PROVIDERS[$name]}\" and .bytes > 0)"
  expect_status 0 cpxfer bench --time 1s --rails-only --rail "$rail" --encrypt
  expect_json "[\$all[] | select(.stage == \"rail\")] | length == 2 and all(.encrypted)"
  expect_nothing_shared
done
stop_server server
expect_equal 0 "$STATUS"

it "says what is not there"
serve server srv
expect_status 69 cpxfer --anonymous --rail 'fabric:udp;nothing' src/small "$URL/none"
expect_match "no provider 'udp;nothing'" "$STDERR"
stop_server server

it "shares memory with the same user alone"
if [ "$(id -u)" -eq 0 ] && command -v setpriv >/dev/null; then
  mkdir other
  echo small >other/small
  chmod 755 "$TESTDIR" "$TESTDIR/work" other
  start_server other setpriv --reuid 65534 --regid 65534 --clear-groups env HOME=/nonexistent \
    CP_STATE_DIR="$TESTDIR/work/other" "$(command -v cpxfer)" serve --anonymous --listen 127.0.0.1:0 --root "$TESTDIR/work/other"
  URL=$(wait_line other 'listening on cpx://')
  URL=${URL#*listening on } URL=${URL%%/ *}
  expect_status 69 cpxfer --anonymous --rail fabric:shm "$URL/small" here
  expect_match 'memory is shared with a server of the same user on this host alone' "$STDERR"
  expect_status 0 cpxfer --anonymous --rail tcp "$URL/small" here
  stop_server other
fi
expect_nothing_shared

# The same URL each time: that is what makes it the same command.
port=0
serve_again() {
  start_server server cpxfer serve --anonymous --listen "127.0.0.1:$port" --root srv --timeout 5s
  URL=$(wait_line server 'listening on cpx://')
  URL=${URL#*listening on } URL=${URL%%/ *}
  port=${URL##*:}
}
move() { exec timeout -k 1 60 cpxfer -q --anonymous --retry 0s --timeout 5s --rail "$rail" --json big/ "$URL/$name-killed" >record.json; }
# kill_soon PID N: while data arrives for the first time, or when N is odd at any moment of what goes on.
kill_soon() {
  is_under_way() { arriving "srv/$name-killed" || ! kill -0 "$1" 2>/dev/null; }
  [ $(($2 % 2)) -eq 1 ] || wait_until is_under_way "$1"
  sleep "0.$((RANDOM % 4))$((RANDOM % 10))"
  kill -KILL "$1" 2>/dev/null || true
}
# What has all arrived would not be moved again.
make_room() {
  if [ $(($1 % 2)) -eq 1 ] || [ -e "srv/$name-killed/large" ]; then
    rm -rf "srv/$name-killed"
  fi
}
mkdir big
export CP_CPXFER_BWLIMIT=400MB/s
head -c 300000000 /dev/urandom >big/large
touch -d '1 hour ago' big/large
for name in tcp rxm shm; do
  rail="fabric:${PROVIDERS[$name]}"
  it "a server outlives the kills of its clients over $rail"
  serve_again
  for ((n = 0; n < KILLS; ++n)); do
    setsid cpxfer -q --anonymous --retry 0s --rail "$rail" --json big/ "$URL/$name-killed" >record.json 2>"$TESTDIR/killed.err" &
    pid=$!
    kill_soon $pid $n
    wait $pid 2>/dev/null || true
    make_room $n
  done
  threads_at_rest() { [ "$(awk '/^Threads:/ { print $2 }' "/proc/${SERVERS[server]}/status")" -le 4 ]; }
  wait_until threads_at_rest
  stop_server server
  expect_equal 0 "$STATUS"

  it "a client outlives the kills of its server over $rail, and says so"
  cut=0
  for ((n = 0; n < KILLS; ++n)); do
    serve_again
    (move 2>"$TESTDIR/client.err") &
    pid=$!
    kill_soon "${SERVERS[server]}" $n
    wait "${SERVERS[server]}" 2>/dev/null || true
    unset "SERVERS[server]"
    STATUS=0
    wait $pid || STATUS=$?
    # Done before that, or cut, or while it was greeted; never by the limit of `timeout` (124, 137).
    [ $STATUS -ne 75 ] || cut=$((cut + 1))
    case $STATUS in 0 | 69 | 75 | 76) ;; *) fail "the client ended with $STATUS: $(cat "$TESTDIR/client.err")" ;; esac
    make_room $n
  done
  [ $cut -gt 0 ] || fail "no kill hit a transfer"
  echo "  ($cut of $KILLS were cut)"
  serve_again
  expect_status 0 cpxfer -q --anonymous --rail "$rail" --json big/ "$URL/$name-killed"
  expect_status 0 cmp big/large "srv/$name-killed/large"
  stop_server server
  rm -rf "srv/$name-killed"
done

unset CP_CPXFER_BWLIMIT
it "leaves nothing in shared memory: who is killed while two ends meet, the next one clears up after"
comm -13 "$TESTDIR/shared" <(shared) | xargs -r touch -d '2 minutes ago'
: >/dev/shm/cpxfer-of-this-test
touch -d '2 minutes ago' /dev/shm/cpxfer-of-this-test
serve_again
expect_status 0 cpxfer --anonymous --rail fabric:shm src/small "$URL/"
stop_server server
expect_nothing_shared

# A shared memory of this user's own, that somebody fills.
cat >small_shm.sh <<'SH'
mount -t tmpfs -o size=80m none /dev/shm || exit 77
[ $# -eq 0 ] || exit 0
cpxfer serve --anonymous --listen 127.0.0.1:0 --root srv 2>said &
server=$!
trap 'kill $server' EXIT
for _ in {1..200}; do ! grep -q listening said || break; sleep 0.1; done
url=$(sed 's/.*listening on //; s,/ .*,,' said)
cpxfer --bwlimit 15MB/s --retry 0s --anonymous --rail fabric:shm "$url/much" filled >one.json &
client=$!
for _ in {1..200}; do [ -z "$(find .cpxfer* -type f -size +1M 2>/dev/null)" ] || break; sleep 0.05; done
head -c 200000000 /dev/zero >/dev/shm/fill 2>/dev/null
wait $client || exit 3
cmp srv/much filled || exit 4
cpxfer --retry 0s --anonymous --rail fabric:shm "$url/much" none
status=$?
kill -0 $server || exit 5
exit $status
SH
if unshare -rm bash small_shm.sh only 2>/dev/null; then
  it "what somebody fills meanwhile ends nobody, and what has no room from the start is told"
  head -c 40000000 /dev/urandom >srv/much
  expect_status 69 unshare -rm bash small_shm.sh
  expect_match "shared memory|provider 'shm'" "$STDERR"
fi
