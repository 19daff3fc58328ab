#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Three network namespaces: whoever gives the command reaches both hosts by ssh alone, and they reach each other by
# a line that does not pass him.
. "$CP_SOURCE/tests/tools/harness.sh"
[ "$(id -u)" -eq 0 ] || skip "only root makes network namespaces"
need ip nft unshare
. "$CP_SOURCE/tests/tools/cpxfer/moving.sh"
. "$CP_SOURCE/tests/tools/cpxfer/ssh.sh"
. "$CP_SOURCE/tests/tools/cpxfer/third.sh"

unshare --net true 2>/dev/null || skip "network namespaces cannot be made here"
for name in caller a b; do start_server "net_$name" unshare --net sleep 600; done
inside() {
  local holder=${SERVERS[net_$1]}
  shift
  nsenter --net --target "$holder" "$@"
}
own_namespace() { [ "$(readlink "/proc/${SERVERS[net_$1]}/ns/net")" != "$(readlink /proc/self/ns/net)" ]; }
for name in caller a b; do
  wait_until own_namespace $name
  inside $name ip link set lo up
done
# line ONE OTHER NUMBER: from one namespace to the other, 10.98.NUMBER.1 and .2
line() {
  inside "$1" ip link add "to_$2" type veth peer name "to_$1" netns "${SERVERS[net_$2]}" 2>/dev/null ||
    skip "no veth devices can be made here"
  inside "$1" ip address add "10.98.$3.1/24" dev "to_$2"
  inside "$2" ip address add "10.98.$3.2/24" dev "to_$1"
  inside "$1" ip link set "to_$2" up
  inside "$2" ip link set "to_$1" up
}
line caller a 1
line caller b 2
line a b 3
# Where the caller reaches one, the other reaches it as well, by their own line.
inside a ip route add 10.98.2.2/32 via 10.98.3.2
inside b ip route add 10.98.1.2/32 via 10.98.3.1
for host in a b; do
  address=10.98.$([ $host = a ] && echo 1 || echo 2).2
  printf '%s\n' 'Port 22' "ListenAddress $address" "HostKey $SSHD_DIR/host_key" \
    "AuthorizedKeysFile $SSHD_DIR/authorized_keys" 'PidFile none' 'StrictModes no' 'UsePAM no' \
    'PermitRootLogin yes' 'PasswordAuthentication no' "ForceCommand exec $SSHD_DIR/login-$host" >"$SSHD_DIR/$host.conf"
  printf '%s %s\n' "$address" "$(cat "$SSHD_DIR/host_key.pub")" >>"$SSHD_DIR/known_hosts"
  printf '%s\n' "Host $host" "  HostName $address" "  IdentityFile $SSHD_DIR/user_key" '  IdentitiesOnly yes' \
    '  StrictHostKeyChecking yes' "  UserKnownHostsFile $SSHD_DIR/known_hosts" >>"$SSH_CONFIG"
  start_server "sshd_$host" nsenter --net --target "${SERVERS[net_$host]}" "$SSHD" -D -e -f "$SSHD_DIR/$host.conf"
  wait_line "sshd_$host" 'Server listening on 10.98' >/dev/null
  inside caller ssh -F "$SSH_CONFIG" -o BatchMode=yes -n $host true 2>"$TESTDIR/login" ||
    skip "this user cannot log in through an sshd of his own: $(tail -n 1 "$TESTDIR/login")"
done
move() { inside caller cpxfer "$@"; }
# What all devices of that namespace took and gave.
traffic() {
  inside "$1" /usr/bin/python3 - "${2:-}" <<'SUM'
import sys
total = 0
for line in open("/proc/net/dev").readlines()[2:]:
    name, figures = line.split(":")
    if name.strip() != "lo" and name.strip().startswith(sys.argv[1]):
        total += int(figures.split()[0]) + int(figures.split()[8])
print(total)
SUM
}
rules() { inside "$1" nft -f -; }
no_rules() { for name in a b; do inside $name nft flush ruleset; done; }
# closed HOST PORTS…: TCP from the other host is refused there, but to PORTS
closed() {
  local host=$1 other=$2
  shift 2
  rules "$host" <<RULES || skip "no packet filter can be set here"
table inet shut {
  chain input {
    type filter hook input priority 0; policy accept;
    ct state established accept
    ${1:+tcp dport { $1 \} accept}
    iifname "to_$other" meta l4proto tcp reject with tcp reset
  }
}
RULES
}

plant_tree "$A/src"
head -c 60000000 /dev/urandom >"$A/src/large"
find "$A/src" -type f -exec touch -h -d '1 hour ago' {} +
before=$(traffic caller) straight=$(traffic a to_b)

it "moves a tree from one host to the other, and not through the one who asks"
expect_status 0 move --json a:src/ b:there
validate "$STDOUT"
expect_json '.state == "done" and .encrypted and .rails[0].kind == "tcp" and .source == "a:src/" and .destination == "b:there"'
expect_json '.bytes.moved == .bytes.total and .files.done == .files.total and .bytes.wire > 60000000 and .digest.value != null'
expect_status 0 diff -r --no-dereference "$A/src" "$B/there"
expect_equal "$(list "$A/src")" "$(list "$B/there")"
expect_equal "" "$(left_behind "$B")$(left_behind "$A")"
passed=$(($(traffic caller) - before)) went=$(($(traffic a to_b) - straight))
echo "  $passed bytes passed the caller, $went went straight"
[ "$passed" -lt 3000000 ] || fail "$passed bytes passed the caller"
[ "$went" -gt 60000000 ] || fail "only $went bytes went straight"

it "does what the options say, as between two other ends"
expect_status 0 move a:src/ b:there
expect_json ".bytes.moved == 0 and .bytes.skipped == .bytes.total"
mkdir -p "$B/kept"
echo old >"$B/kept/small"
echo other >"$B/kept/extra"
expect_status 0 move -n --delete --exclude 'large' a:src/ b:kept
expect_json '.state == "planned" and .plan == [{"from": "a:src/", "to": "b:kept"}]'
expect_json '.would_delete == ["b:kept/extra"] and .files.deleted == 1'
expect_equal old "$(cat "$B/kept/small")"
expect_status 0 move --delete --update --exclude large --streams 1 --compress 3 --preserve all a:src/ b:kept
expect_json '.files.deleted == 1 and .compression.level == "3" and .rails[0].streams == 1'
expect_equal "" "$(find "$B/kept" -name large -o -name extra)"
expect_status 0 move a:src/small a:src/d/inner/packed b:both/
expect_equal "packed small" "$(cd "$B/both" && echo *)"
expect_status 0 move a:src/small b:one
expect_equal hello "$(cat "$B/one")"
expect_status 0 move -T a:src/many b:exact
expect_status 0 diff -r "$A/src/many" "$B/exact"
printf '%s\n' small d/inner/packed >names
expect_status 0 move --files-from names a:src/ b:named
expect_json '.files.done == 2'

it "names what fails where it is"
mkdir "$A/mixed"
mkfifo "$A/mixed/pipe"
echo fine >"$A/mixed/file"
expect_status 1 move --json a:mixed/ b:mixed
expect_json '$all[-1] | .state == "partial" and .failed[0].path == "a:mixed/pipe"'
expect_match '^cpxfer: cannot move a:mixed/pipe: ' "$STDERR"
expect_equal fine "$(cat "$B/mixed/file")"
expect_status 66 move a:nothing b:x
expect_match '^cpxfer: a: cannot open nothing: no such file or directory$' "$STDERR"
mkdir "$B/shut"
echo x >"$B/shut/file"
expect_status 73 move a:src/ b:shut/file
expect_match '^cpxfer: b: cannot create' "$STDERR"

it "goes in clear text where the network is trusted"
expect_status 0 move --trusted-network a:src/large b:trusted
expect_json '.encrypted == false'

it "goes by another address of the destination, and by the ports that it is told"
closed b a 41000-41003
expect_status 0 move --reverse a:src/many b:back --data-host 10.98.3.1
expect_json '.rails[0].kind == "tcp"'
expect_status 0 move --data-host 10.98.3.2 --port-range 41000-41003 a:src/large b:ranged
expect_status 0 cmp "$A/src/large" "$B/ranged"
expect_status 69 move --data-host 10.98.3.2 --port-range 42000 a:src/large b:refused
expect_match '^cpxfer: no data goes straight from a to b: b: cannot connect to 10\.98\.3\.2:42000: connection refused$' "$STDERR"
expect_match 'port-range.*data-host.*ssh a cpxfer SOURCE b:DESTINATION' "$STDERR"
expect_status 64 move --data-host 10.98.3.2 a:src/large here
expect_status 64 move --port-range 5-4 a:src/large b:x

it "goes the other way round where the destination cannot be reached"
expect_status 0 move a:src/large b:round
expect_json '.state == "done" and .encrypted'
expect_status 0 cmp "$A/src/large" "$B/round"

it "never goes through the one who asks when no direct way is open"
closed a b
before=$(traffic caller)
expect_status 69 move a:src/large b:never
expect_match '^cpxfer: no data goes straight from a to b: b: cannot connect to 10\.98\.2\.2:[0-9]+: connection refused; a: cannot connect to 10\.98\.1\.2' "$STDERR"
expect_stdout ""
[ ! -e "$B/never" ] || fail "something arrived"
[ $(($(traffic caller) - before)) -lt 1000000 ] || fail "it went through the caller"
no_rules

it "copies on one host when both ends are there"
before=$(traffic caller)
expect_status 0 move a:src/ a:copy
expect_json '.rails[0].kind == "local" and .destination == "a:copy"'
expect_status 0 diff -r --no-dereference "$A/src" "$A/copy"
[ $(($(traffic caller) - before)) -lt 1000000 ] || fail "it went through the caller"
