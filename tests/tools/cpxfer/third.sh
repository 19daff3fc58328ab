# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Two hosts that ssh reaches, each with a home of its own. Sourced after ssh.sh.
#
#   A, B                      the homes on the hosts a and b
#   write_login_of HOST [LINE…]   what a login is there; LINEs come before the command
#   start_both                starts both hosts on loopback ports
#   ends_at HOME              the ids of the processes of cpxfer that run there
A=$TESTDIR/home-a B=$TESTDIR/home-b
mkdir -p "$A" "$B"
write_login_of() {
  local host=$1
  shift
  printf '%s\n' '#!/bin/sh' \
    "export HOME='$TESTDIR/home-$host' PATH='$FAR_PATH' TESTDIR='$TESTDIR' CP_CPXFER_DURABILITY=none CP_STATE_DIR='$TESTDIR/home-$host/.state'" \
    'cd' "$@" 'exec /bin/sh -c "$SSH_ORIGINAL_COMMAND"' >"$SSHD_DIR/login-$host"
  chmod 755 "$SSHD_DIR/login-$host"
}
for host in a b; do write_login_of "$host"; done
start_both() {
  local host
  for host in a b; do start_sshd "$host" "ForceCommand exec $SSHD_DIR/login-$host"; done
}
ends_at() {
  local pid
  for pid in $(running '^cpxfer serve --stdio'); do
    ! grep -qszxF "HOME=$1" "/proc/$pid/environ" || echo "$pid"
  done
}
