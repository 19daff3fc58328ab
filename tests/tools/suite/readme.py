# SPDX-License-Identifier: Apache-2.0
"""Runs the examples of README.md: every ```console block is one shell session, in order, in one home.

    readme.py README.md WORK_DIRECTORY

A line "$ COMMAND" (continued by a line that begins with blanks, while the quotes or the pipe are open)
is typed; what follows is what it prints. Each command has to end with status 0 (or N, where the block
says "# exit N" behind it), and its output has to look like the one that is shown: numbers, codes, times
and names of the machine may differ, the words and the shape of the lines may not.
"""
import re
import subprocess
import sys

ID = re.compile(r"cp:[0-9.]+/[0-9A-Z]+-[0-9A-Z]{2}|[jtmo]-[0-9A-HJKMNP-TV-Z]{26}|sha256:\S+|[0-9a-f]{32,}|\b[A-Za-z0-9_-]{43}(?=\s)")
TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?(\.\d+)?Z?")
# A figure and its unit: "1.8 us" may be "12 us" elsewhere, "204 MB" "1.1 GB", a bar longer.
FIGURE = re.compile(r"[█▉▊▋▌▍▎▏░]*\s*-?\d[\d.,]*(\s?(ns|us|ms|s|h|m|d|B|[kMGT]B|bit/s|[kMGT]bit/s|%)\b)*")


def shape(text):
    """TEXT with everything that another machine or another day changes taken out of it."""
    lines = []
    for line in text.rstrip().splitlines():
        line = ID.sub("ID", line)
        line = TIME.sub("TIME", line)
        if "could not be judged" not in line:  # what the catalog that comes along holds is known
            line = FIGURE.sub(" N ", line)
        lines.append(re.sub(r"(\s*\bN\b)+", " N", re.sub(r"\s+", " ", line)).strip())
    return lines


def blocks(readme):
    """The console blocks as lists of (command, wanted status, wanted output)."""
    for body in re.findall(r"^```console\n(.*?)^```", readme, re.S | re.M):
        steps = []
        for line in body.splitlines():
            if line.startswith("$ "):
                steps.append([line[2:], ""])
            elif steps and not steps[-1][1] and continues(steps[-1][0]) and line.startswith("  "):
                steps[-1][0] += "\n" + line
            elif steps:
                steps[-1][1] += line + "\n"
        for command, output in steps:
            status = re.search(r"# exit (\d+)\s*$", command)
            yield command, int(status[1]) if status else 0, output


def continues(command):
    return command.rstrip().endswith(("|", "\\")) or command.count("'") % 2 == 1


def main():
    readme, work = sys.argv[1:3]
    count = 0
    with open(readme, encoding="utf-8") as file:
        text = file.read()
    for command, status, wanted in blocks(text):
        done = subprocess.run(["bash", "-c", command], cwd=work, stdin=subprocess.DEVNULL, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60, check=False)
        count += 1
        if done.returncode != status:
            sys.exit(f"$ {command}\nexpected status {status}, got {done.returncode}:\n{done.stdout}")
        if shape(done.stdout) != shape(wanted):
            sys.exit(f"$ {command}\nexpected:\n{wanted}\ngot:\n{done.stdout}\n"
                     f"in shape: {shape(wanted)}\nand: {shape(done.stdout)}")
    print(f"{count} examples")
    if count < 10:
        sys.exit("the README has lost its examples")


main()
