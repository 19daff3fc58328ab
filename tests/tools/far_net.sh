# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Two hosts, made of network namespaces, with a long line between them. Sourced after the harness.
#
#   start_line [OPTION…]     the line; options of delay_line. 10.99.0.1 is near, 10.99.0.2 far
#   end_line                 and its end; another may follow
#   near COMMAND…, far COMMAND…   runs it on one of the hosts
#   use_congestion_control NAME   on both, from now on; false where the kernel has it not
#
# Each host has its own namespace, which lives as long as the process that holds it; bash's process
# ids of those are in SERVERS[near_net] and SERVERS[far_net].
[ "$(id -u)" -eq 0 ] || skip "only root makes network namespaces"
need ip unshare nsenter
DELAY_LINE=$CP_BUILD/tests/tools/delay_line
[ -x "$DELAY_LINE" ] || skip "the delay line is not built (ninja delay_line)"
[ -c /dev/net/tun ] || skip "there is no /dev/net/tun, of which lines are made"
unshare --net true 2>/dev/null || skip "network namespaces cannot be made here"

on_host() {
  local holder=${SERVERS[$1]}
  shift
  nsenter --net --target "$holder" "$@"
}
near() { on_host near_net "$@"; }
far() { on_host far_net "$@"; }
has_own_net() { [ "$(readlink "/proc/${SERVERS[$1]}/ns/net")" != "$(readlink /proc/self/ns/net)" ]; }
start_server near_net unshare --net sleep 3600
start_server far_net unshare --net sleep 3600
wait_until has_own_net near_net
wait_until has_own_net far_net

start_line() {
  start_server line "$DELAY_LINE" "/proc/${SERVERS[near_net]}/ns/net" "/proc/${SERVERS[far_net]}/ns/net" "$@"
  wait_until eval 'grep -q ready "$TESTDIR/line.out" || ! kill -0 "${SERVERS[line]}"'
  [ -s "$TESTDIR/line.out" ] || skip "no line can be made here: $(head -n 1 "$TESTDIR/line.err")"
  local host
  for host in near far; do
    $host ip link set lo up
    $host ip link set wan txqueuelen 10000 mtu 1500 up
  done
  near ip address add 10.99.0.1 peer 10.99.0.2 dev wan
  far ip address add 10.99.0.2 peer 10.99.0.1 dev wan
}
end_line() { stop_server line; }
use_congestion_control() {
  local host
  for host in near far; do
    $host sysctl -q -w "net.ipv4.tcp_congestion_control=$1" 2>/dev/null || return 1
  done
}
