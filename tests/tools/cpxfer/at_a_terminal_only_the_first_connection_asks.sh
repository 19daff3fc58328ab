#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# With somebody at a terminal ssh may ask, for the first connection alone.
. "$CP_SOURCE/tests/tools/harness.sh"
. "$CP_SOURCE/tests/tools/cpxfer/moving.sh"
. "$CP_SOURCE/tests/tools/cpxfer/ssh.sh"
need python3

mkdir src
echo one >src/one
head -c 3000000 /dev/urandom >src/large
start_sshd far

# on_terminal ANSWER COMMAND…: runs it on a terminal of its own, where each question is given ANSWER; what the terminal
# shows goes to the file "shown", its output to "record".
on_terminal() {
  python3 - "$@" <<'PYTHON'
import os, pty, select, sys, time
answer, command = sys.argv[1].encode(), sys.argv[2:]
pid, terminal = pty.fork()
if pid == 0:
    os.dup2(os.open("record", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), 1)
    os.execvp(command[0], command)
seen, asked, end = b"", 0, time.monotonic() + 60
while time.monotonic() < end:
    if not select.select([terminal], [], [], 0.1)[0]:
        continue
    try:
        read = os.read(terminal, 65536)
    except OSError:
        break
    if not read:
        break
    seen += read
    if seen.count(b"(yes/no") > asked:
        asked += 1
        os.write(terminal, answer + b"\n")
open("shown", "wb").write(seen)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
PYTHON
}
logins() { grep -c 'Accepted publickey' "$TESTDIR/far.err" || true; }

it "asks whether the host is the right one once, and streams come by connections of their own"
sed -e 's/StrictHostKeyChecking yes/StrictHostKeyChecking ask/' -e "s|UserKnownHostsFile .*|UserKnownHostsFile $TESTDIR/met|" \
  "$SSH_CONFIG" >asking
before=$(logins)
expect_status 0 on_terminal yes cpxfer --ssh "ssh -F $PWD/asking" src/ far:met
expect_json '.state == "done" and .rails[0].streams == 2' record
expect_equal 1 "$(grep -c 'yes/no' shown)"
expect_equal 3 $(($(logins) - before)) "connections"
expect_status 0 diff -r src "$FAR/met"

it "asks for no second host when the first was no use"
cat >refusing <<'END'
#!/bin/sh
while [ "$1" != -- ]; do shift; done
echo "$2" >>"$TESTDIR/asked"
echo 'Permission denied (password).' >&2
exit 255
END
chmod +x refusing
expect_status 77 on_terminal no cpxfer --ssh ./refusing a:from b:to
expect_equal 1 "$(wc -l <"$TESTDIR/asked")"
rm "$TESTDIR/asked"
