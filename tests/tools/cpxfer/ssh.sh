# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# A real sshd for the tests of cpxfer, an ordinary process on a loopback port with keys and a
# configuration of its own. Sourced after the harness.
#
#   start_sshd NAME [LINE…]   starts one, LINEs first in its configuration; the user's home there is
#                             $FAR, and the tools of the build are in the PATH; "ssh NAME" reaches it
#   running ERE               the ids of this test's processes whose words fit
#   far_path DIRECTORY…       what PATH is there from now on
#   far_start_up TEXT         what the login shell there does before it runs anything, in sh
#
# Tools find it as the host NAME through CP_SSH_COMMAND, which reads $SSH_CONFIG.
need ssh sshd ssh-keygen
SSHD=$(command -v sshd) FAR=$TESTDIR/far FAR_PATH=$CP_BUILD/bin:/usr/local/bin:/usr/bin:/bin
SSH_CONFIG=$TESTDIR/ssh_config SSHD_DIR=$TESTDIR/sshd FAR_START_UP=''
mkdir -p "$FAR" "$SSHD_DIR"
chmod 700 "$SSHD_DIR"
export CP_SSH_COMMAND="ssh -F $SSH_CONFIG"
ssh-keygen -q -t ed25519 -N '' -f "$SSHD_DIR/host_key"
ssh-keygen -q -t ed25519 -N '' -f "$SSHD_DIR/user_key"
cp "$SSHD_DIR/user_key.pub" "$SSHD_DIR/authorized_keys"
: >"$SSH_CONFIG"
[ "$(id -u)" -ne 0 ] || mkdir -p /run/sshd # sshd wants it of root, and nothing in it

# What keeps a connection for others says so in place of its words, and of its environment.
eval "before_ssh_$(declare -f ours)"
ours() {
  local file
  before_ssh_ours
  for file in /proc/[0-9]*/cmdline; do
    case $({ tr "\0" " " <"$file"; } 2>/dev/null) in "ssh: $TESTDIR"/*) echo "${file%cmdline}environ" ;; esac
  done
}
running() {
  local file words
  for file in $(ours); do
    file=${file%/environ}
    { mapfile -d '' -t words <"$file/cmdline"; } 2>/dev/null || continue
    [[ ! "${words[*]}" =~ $1 ]] || echo "${file#/proc/}"
  done
}
free_port() {
  /usr/bin/python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}
# What a login is there: sshd itself takes HOME from the password file.
write_login() {
  printf '%s\n' '#!/bin/sh' "export HOME='$FAR' PATH='$FAR_PATH' TESTDIR='$TESTDIR' CP_CPXFER_DURABILITY=none" \
    'cd' "$FAR_START_UP" 'exec /bin/sh -c "$SSH_ORIGINAL_COMMAND"' >"$SSHD_DIR/login"
  chmod 755 "$SSHD_DIR/login"
}
far_path() { FAR_PATH=$(IFS=:; echo "$*") && write_login; }
far_start_up() { FAR_START_UP=$1 && write_login; }
write_login
start_sshd() {
  local name=$1 port
  shift
  port=$(free_port)
  {
    printf '%s\n' "$@"
    printf '%s\n' "Port $port" 'ListenAddress 127.0.0.1' "HostKey $SSHD_DIR/host_key" \
      "AuthorizedKeysFile $SSHD_DIR/authorized_keys" 'PidFile none' 'StrictModes no' 'UsePAM no' \
      'PermitRootLogin yes' 'PasswordAuthentication no' 'KbdInteractiveAuthentication no' \
      "ForceCommand exec $SSHD_DIR/login"
  } >"$SSHD_DIR/$name.conf"
  printf '[127.0.0.1]:%s %s\n' "$port" "$(cat "$SSHD_DIR/host_key.pub")" >>"$SSHD_DIR/known_hosts"
  printf '%s\n' "Host $name" '  HostName 127.0.0.1' "  Port $port" "  IdentityFile $SSHD_DIR/user_key" \
    '  IdentitiesOnly yes' '  StrictHostKeyChecking yes' "  UserKnownHostsFile $SSHD_DIR/known_hosts" >>"$SSH_CONFIG"
  start_server "$name" "$SSHD" -D -e -f "$SSHD_DIR/$name.conf"
  wait_line "$name" 'Server listening on 127' >/dev/null
  # An account that may not log in is the machine's business.
  ssh -F "$SSH_CONFIG" -o BatchMode=yes -n "$name" true 2>"$TESTDIR/login" ||
    skip "this user cannot log in through an sshd of his own: $(tail -n 1 "$TESTDIR/login")"
}
