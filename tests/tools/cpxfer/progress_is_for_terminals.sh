#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
. "$CP_SOURCE/tests/tools/harness.sh"
. "$CP_SOURCE/tests/tools/cpxfer/moving.sh"
need python3

mkdir src srv
endless src/endless
for n in {1..20}; do echo "$n" >"src/$n"; done
serve server srv

# on_terminal COLUMNS WORD COMMAND…: runs it on a terminal until WORD is shown, interrupts it, and
# prints all that the terminal showed; its standard output goes to the file "record".
on_terminal() {
  python3 - "$@" <<'PYTHON'
import fcntl, os, pty, select, signal, struct, sys, termios, time
columns, word, command = int(sys.argv[1]), sys.argv[2].encode(), sys.argv[3:]
pid, terminal = pty.fork()
if pid == 0:
    fcntl.ioctl(2, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    os.dup2(os.open("record", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), 1)
    os.execvp(command[0], command)
seen, end, sent = b"", time.monotonic() + 20, False
while time.monotonic() < end:
    if not sent and word in seen:
        os.kill(pid, signal.SIGINT)
        sent = True
    if select.select([terminal], [], [], 0.1)[0]:
        try:
            seen += os.read(terminal, 65536)
        except OSError:
            break
sys.stdout.buffer.write(seen)
print("\nstatus", os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), "in time" if sent else "too late")
PYTHON
}

for where in out "$URL/out"; do
  it "shows one line with a bar, bytes, rate, time left and files on a terminal, and takes it away ($where)"
  expect_status 0 on_terminal 110 left cpxfer --anonymous src/ "$where"
  expect_match '^status -2 in time$'
  tr '\r' '\n' <"$STDOUT" | tr -d '\033' >lines
  expect_match '^moving [█░]{20} +[0-9]+ %  [0-9.]+ [kMGT]?B  [0-9.]+ [kMGT]?B/s  .* left  [0-9]+/21 files' lines
  expect_match '^\[K(\[1m)?cpxfer.*interrupted' lines
  validate record
  expect_json '.state == "failed"' record
done

it "fits the line to a narrow terminal"
expect_status 0 on_terminal 40 % cpxfer src/ narrow
expect_match '^status -2 in time$'
tr '\r' '\n' <"$STDOUT" | sed 's/\x1b\[K//' | grep '^moving' >lines
while IFS= read -r line; do
  [ ${#line} -le 39 ] || fail "too long: $line"
done <lines

it "shows none where nobody looks, or where nobody wants it"
rm src/endless
head -c 5000000 /dev/urandom >src/some
expect_status 0 cpxfer src/ pipe
expect_stderr ''
expect_status 0 on_terminal 80 never cpxfer --progress=never src/ pipe
expect_no_match moving
expect_status 0 on_terminal 80 never cpxfer -q src/ pipe
expect_no_match moving

it "shows it in a pipe when that is asked for"
expect_status 0 cpxfer --progress=always src/ pipe
expect_match moving "$STDERR"
