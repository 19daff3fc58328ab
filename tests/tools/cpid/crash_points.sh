# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# What the crash tests of cpid share. Sourced after the harness.
#
#   at_every_crash_point CHECK COMMAND…   runs COMMAND killed at its 1st, 2nd, … call that makes or
#                                         changes a file or writes, and CHECK after each, until a run
#                                         ends by itself; COMMAND's output is in the file "printed"
readonly CRASH_CALLS=write,pwrite64,writev,fsync,fdatasync,rename,renameat2,link,linkat,unlink,ftruncate,fallocate,mkdir
need strace
strace -o /dev/null true 2>/dev/null || skip "strace may not trace here"

at_every_crash_point() {
  local check=$1 n=0 status; shift
  while :; do
    n=$((n + 1))
    [ $n -le 400 ] || fail "400 crash points and no end"
    status=0
    # The braces take the shell's own word on each kill.
    { strace -f -qq -o /dev/null -e trace=$CRASH_CALLS -e inject=$CRASH_CALLS:signal=KILL:when=$n \
      "$@" >printed 2>errors; } 2>/dev/null || status=$?
    "$check"
    [ $status -ne 0 ] || break
    [ $status -eq 137 ] || fail "crash point $n: status $status: $(cat errors)"
  done
  echo "  $((n - 1)) crash points"
  [ $n -gt 5 ] || fail "only $n crash points: the calls were not seen"
}
