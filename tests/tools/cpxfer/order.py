#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""order.py TRACE: whether the receiver whose strace (-f -y -xx) this is told its sender that something is
durable only when it was: each acknowledgement left after the syncs that cover it had returned 0
(SECURITY.md 10 and 12). Prints what it saw; ends with 1 and the first acknowledgement that came too early."""

import re
import sys

WHOLE = re.compile(r"^(\d+) +(?:[\d.]+ )?(\w+)\((.*)\) += (-?\d+)")
BEGUN = re.compile(r"^(\d+) +(?:[\d.]+ )?(\w+)\((.*) <unfinished \.\.\.>")
RESUMED = re.compile(r"^(\d+) +(?:[\d.]+ )?<\.\.\. (\w+) resumed>(.*)\) += (-?\d+)")
PATH = re.compile(r"^\d+<([^>]*)>")
DURABLE, RESULT = 16, 10


def text(hexed):
    return re.sub(r"\\x([0-9a-f]{2})", lambda m: chr(int(m[1], 16)), hexed)


def calls(lines):
    """(begun, ended, name, arguments, result) of every call, in the order in which they ended."""
    pending = {}
    for at, line in enumerate(lines):
        if m := BEGUN.match(line):
            pending[m[1]] = (at, m[3])
        elif m := RESUMED.match(line):
            begun, arguments = pending.pop(m[1], (at, ""))
            yield begun, at, m[2], arguments + m[3], int(m[4])
        elif m := WHOLE.match(line):
            yield at, at, m[2], m[3], int(m[4])


def message(arguments):
    """(type, body) of what a send carries, if it is a message."""
    parts = [text(t).encode("latin-1") for t in re.findall(r'"((?:\\x[0-9a-f]{2})*)"', arguments)]
    data = b"".join(parts)
    if len(data) < 16:
        return None
    length, kind = int.from_bytes(data[:4], "little"), int.from_bytes(data[4:6], "little")
    is_ours = (kind, length) in ((DURABLE, 16), (RESULT, 32)) and data[6:16] == bytes(10)
    return (kind, data[16:16 + length]) if is_ours else None


class Receiver:
    def __init__(self):
        self.writes = {}     # path: [(ended, bytes)]
        self.synced = {}     # path: writes that ended before this are synced
        self.all_synced = -1
        self.renamed = {}    # directory: when the last rename into it ended
        self.journaled = 0   # data bytes that were synced before a journal sync began
        self.seen = {"durable": 0, "result": 0, "syncs": 0, "renames": 0}

    def clean_before(self, path):
        return max(self.synced.get(path, -1), self.all_synced)

    def clean_bytes(self, begun):
        return sum(size for path, writes in self.writes.items() if not path.endswith("/journal")
                   for ended, size in writes if ended < min(begun, self.clean_before(path)))

    def is_clean(self, path):
        return all(ended < self.clean_before(path) for ended, _ in self.writes.get(path, []))

    def take(self, begun, ended, name, arguments, result):
        path = text(m[1]) if (m := PATH.match(arguments)) else ""
        if name == "pwrite64" and result > 0:
            self.writes.setdefault(path, []).append((ended, result))
        elif name in ("fdatasync", "fsync") and result == 0:
            self.seen["syncs"] += 1
            if path.endswith("/journal"):
                self.journaled = max(self.journaled, self.clean_bytes(begun))
            self.synced[path] = max(self.synced.get(path, -1), begun)
        elif name == "syncfs" and result == 0:
            self.seen["syncs"] += 1
            self.all_synced = max(self.all_synced, begun)
        elif name in ("renameat", "renameat2") and result == 0:
            self.seen["renames"] += 1
            names = [text(t) for t in re.findall(r'"((?:\\x[0-9a-f]{2})*)"', arguments)]
            places = [text(t) for t in re.findall(r"\d+<([^>]*)>", arguments)]
            staged = places[0] + "/" + names[0]
            if not self.is_clean(staged):
                return "%s was renamed before its data was synced" % staged
            if places[1] != places[0]:
                self.renamed[places[1]] = ended
        elif name in ("sendmsg", "sendto") and (told := message(arguments)):
            return self.acknowledged(*told)
        return None

    def acknowledged(self, kind, body):
        if kind == DURABLE:
            self.seen["durable"] += 1
            said = int.from_bytes(body[8:16], "little")
            return None if said <= self.journaled else "%d bytes durable, of %d" % (said, self.journaled)
        self.seen["result"] += 1
        dirty = [p for p in self.writes if not self.is_clean(p)]
        dirty += [d for d, at in self.renamed.items() if self.clean_before(d) < at]
        return "the end, with %s not synced" % dirty[0] if dirty else None


def main():
    with open(sys.argv[1], errors="replace") as trace:
        lines = trace.read().splitlines()
    receiver = Receiver()
    # A send counts from its beginning, everything else from its end.
    order = sorted(calls(lines), key=lambda c: c[0] if c[2].startswith("send") else c[1])
    for call in order:
        if fault := receiver.take(*call):
            print("too early: " + fault)
            return 1
    print(" ".join("%s:%d" % item for item in receiver.seen.items()))
    return 0


sys.exit(main())
