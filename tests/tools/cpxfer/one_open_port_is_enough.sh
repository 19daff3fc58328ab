#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Two hosts, made of network namespaces, between which nothing passes but TCP to port 22.
. "$CP_SOURCE/tests/tools/harness.sh"
[ "$(id -u)" -eq 0 ] || skip "only root makes network namespaces"
need ip nft unshare
. "$CP_SOURCE/tests/tools/cpxfer/moving.sh"
. "$CP_SOURCE/tests/tools/cpxfer/ssh.sh"

unshare --net true 2>/dev/null || skip "network namespaces cannot be made here"

# Each namespace lives as long as the process that holds it.
start_server near_net unshare --net sleep 600
start_server far_net unshare --net sleep 600
in_namespace() {
  local holder=${SERVERS[$1]}
  shift
  nsenter --net --target "$holder" "$@"
}
own_namespace() { [ "$(readlink "/proc/${SERVERS[$1]}/ns/net")" != "$(readlink /proc/self/ns/net)" ]; }
wait_until own_namespace near_net
wait_until own_namespace far_net
in_namespace near_net ip link add near0 type veth peer name far0 netns "${SERVERS[far_net]}" 2>/dev/null ||
  skip "no veth devices can be made here"
in_namespace near_net ip address add 10.99.0.1/24 dev near0
in_namespace far_net ip address add 10.99.0.2/24 dev far0
for pair in near_net:near0 far_net:far0; do
  in_namespace "${pair%:*}" ip link set lo up
  in_namespace "${pair%:*}" ip link set "${pair#*:}" up
done
in_namespace far_net nft -f - <<'RULES' || skip "no packet filter can be set here"
table inet only_ssh {
  chain input {
    type filter hook input priority 0; policy drop;
    iif lo accept
    ct state established accept
    tcp dport 22 accept
  }
  chain output {
    type filter hook output priority 0; policy drop;
    oif lo accept
    tcp sport 22 accept
  }
}
RULES
write_config() {
  printf '%s\n' 'Port 22' 'ListenAddress 10.99.0.2' "HostKey $SSHD_DIR/host_key" \
    "AuthorizedKeysFile $SSHD_DIR/authorized_keys" 'PidFile none' 'StrictModes no' 'UsePAM no' \
    'PermitRootLogin yes' 'PasswordAuthentication no' "ForceCommand exec $SSHD_DIR/login" \
    'MaxStartups 3:100:3' >"$SSHD_DIR/far.conf"
  printf '10.99.0.2 %s\n' "$(cat "$SSHD_DIR/host_key.pub")" >"$SSHD_DIR/known_hosts"
  printf '%s\n' 'Host far' '  HostName 10.99.0.2' "  IdentityFile $SSHD_DIR/user_key" '  IdentitiesOnly yes' \
    '  StrictHostKeyChecking yes' "  UserKnownHostsFile $SSHD_DIR/known_hosts" >"$SSH_CONFIG"
}
write_config
start_server sshd nsenter --net --target "${SERVERS[far_net]}" "$SSHD" -D -e -f "$SSHD_DIR/far.conf"
wait_line sshd 'Server listening on 10.99' >/dev/null
in_namespace near_net ssh -F "$SSH_CONFIG" -o BatchMode=yes -n far true 2>"$TESTDIR/login" ||
  skip "this user cannot log in through an sshd of his own: $(tail -n 1 "$TESTDIR/login")"

it "is really so: another port does not answer"
in_namespace near_net bash -c ': <>/dev/tcp/10.99.0.2/22' || fail "port 22 does not answer"
expect_status 124 in_namespace near_net timeout 1 bash -c ': <>/dev/tcp/10.99.0.2/7031'

plant_tree src
it "says which port is shut when streams are to go beside ssh"
expect_status 75 in_namespace near_net cpxfer --rail tcp --trusted-network src/ far:clear
expect_match '^cpxfer: far: cannot connect to 10\.99\.0\.2:[0-9]+' "$STDERR"

for rail in auto ssh; do
  it "pushes and pulls through the only open port (--rail $rail)"
  expect_status 0 in_namespace near_net cpxfer --rail $rail --streams 6 src/ far:$rail
  expect_json '.state == "done" and .rails[0].kind == "ssh"'
  expect_status 0 diff -r --no-dereference src "$FAR/$rail"
  expect_status 0 in_namespace near_net cpxfer --rail $rail --streams 6 far:$rail/ back-$rail
  expect_status 0 diff -r --no-dereference src back-$rail
  expect_equal "$(list src)" "$(list back-$rail)"
done

it "encrypts what goes beside ssh, unless the network is trusted"
in_namespace far_net nft flush ruleset
head -c 3000000 /dev/zero | tr '\0' 'A' >src/plain
start_server capture nsenter --net --target "${SERVERS[far_net]}" /usr/bin/python3 -c '
import socket
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 25)
print("listens", flush=True)
while b"A" * 64 not in s.recv(1 << 17):
    pass
print("seen", flush=True)'
wait_line capture listens >/dev/null
expect_status 0 in_namespace near_net cpxfer --rail tcp src/ far:sealed
expect_json '.state == "done" and .rails[0].kind == "tcp" and .encrypted'
expect_status 0 diff -r --no-dereference src "$FAR/sealed"
expect_status 0 in_namespace near_net cpxfer --rail tcp far:sealed/ back-sealed
expect_json '.encrypted'
expect_status 0 diff -r --no-dereference src back-sealed
expect_equal "listens" "$(cat "$TESTDIR/capture.out")" "what was seen on the line"

it "goes beside ssh where other ports are open and the network is trusted"
expect_status 0 in_namespace near_net cpxfer --rail tcp --trusted-network src/ far:trusted
expect_json '.state == "done" and .rails[0].kind == "tcp" and .encrypted == false'
expect_status 0 diff -r --no-dereference src "$FAR/trusted"
wait_line capture seen >/dev/null
