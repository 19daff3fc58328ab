# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Hosts that have no cpxfer. Sourced after ssh.sh.
#
#   bare_gnu, bare_busybox   with GNU's tools and sh, and with those of busybox
#   bare_poor                with no more than POSIX has and a tar: no stat, no sum but cksum, no
#                            way to read so many bytes from a pipe but one by one
#   bare_tools DIR TOOL…     links to these tools in DIR
bare_gnu() { far_path /usr/bin /bin; }
bare_tools() {
  local directory=$1 tool
  shift
  mkdir -p "$directory"
  for tool; do ln -sf "$(command -v "$tool")" "$directory/"; done
}
bare_busybox() {
  local applet
  mkdir -p "$TESTDIR/busybox"
  for applet in $(busybox --list); do ln -sf "$(command -v busybox)" "$TESTDIR/busybox/$applet"; done
  far_path "$TESTDIR/busybox"
}
bare_poor() {
  bare_tools "$TESTDIR/poor" sh env find mv mkdir rm rmdir chmod id uname tr sleep cat cksum
  cat >"$TESTDIR/poor/dd" <<'POOR'
#!/bin/sh
case $* in *iflag*) echo "dd: unknown operand" >&2; exit 1 ;; esac
exec /usr/bin/dd "$@"
POOR
  cat >"$TESTDIR/poor/tar" <<'POOR'
#!/bin/sh
case $* in *--format*) echo "tar: unknown option" >&2; exit 1 ;; esac
exec /usr/bin/tar "$@"
POOR
  cat >"$TESTDIR/poor/touch" <<'POOR'
#!/bin/sh
case $* in -d*) echo "touch: unknown option" >&2; exit 1 ;; esac
exec /usr/bin/touch "$@"
POOR
  printf '#!/bin/sh\necho "date: unknown format" >&2\nexit 1\n' >"$TESTDIR/poor/date"
  chmod +x "$TESTDIR"/poor/*
  far_path "$TESTDIR/poor"
}
