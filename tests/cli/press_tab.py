# SPDX-License-Identifier: Apache-2.0
"""Types a command line at the prompt of an interactive bash, presses Tab twice, then chooses the
first word that begins with "$", runs the line, and prints all that the terminal showed."""
import os
import pty
import select
import sys
import time

script, typed = sys.argv[1:3]
pid, terminal = pty.fork()
if pid == 0:
    os.environ["PS1"] = "ready> "
    os.environ["INPUTRC"] = "/dev/null"
    os.execvp("bash", ["bash", "--norc", "--noprofile", "-i"])

seen = b""
answered = 0  # what was waited for so far ends here


def wait_for(text, seconds=10):
    """Reads until TEXT was shown behind what was waited for before, or the time is up."""
    global seen, answered
    end = time.monotonic() + seconds
    while text not in seen[answered:]:
        if time.monotonic() > end:
            sys.exit(f"bash did not show {text!r}: {seen!r}")
        if select.select([terminal], [], [], 0.1)[0]:
            seen += os.read(terminal, 65536)
    answered = seen.index(text, answered) + len(text)


wait_for(b"ready> ")
os.write(terminal, f". ./{script}; echo loa''ded\n".encode())
wait_for(b"loaded")
wait_for(b"ready> ")
os.write(terminal, typed.encode() + b"\t\t")
wait_for(b"plain")
os.write(terminal, b"\\$\t\n")
wait_for(b"ready> ")
os.write(terminal, b"exit\n")
os.waitpid(pid, 0)
print(seen.decode(errors="replace"))
