#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A cpxfer on a host that ssh reaches, as nobody would wish it: it is asked to carry out a transfer and does as
the file named by DEPUTY_DOES says. What it learns goes to the file that DEPUTY_HEARS names. It ends within a minute.

steal       asks the other host for a file that it was not told of
write       gives the other host a file beside the one that it was told of
rail        claims a stream of the other host, not a transfer
garbage     says what is no message
outcome     ends with an outcome that no transfer has
counts      says that more has arrived than there is
quiet       says nothing after the greeting
lies        says names and messages that no terminal should see, and that it failed"""

import base64
import json
import os
import signal
import struct
import sys
import time

signal.alarm(50)
ORDER, WORD, OUTCOME, RELAYED = 24, 25, 26, 27
SECRET = base64.b64encode(bytes(range(32))).decode()
out, source = sys.stdout.buffer, sys.stdin.buffer


def heard(*words):
    with open(os.environ["DEPUTY_HEARS"], "ab") as log:
        log.write(b" ".join(words) + b"\n")


def preface(purpose):
    return b"cpxfer\r\n" + struct.pack("<HHB3x", 2, 0, purpose)


def message(kind, body):
    return struct.pack("<IHHQ", len(body), kind, 0, 0) + body


def read(count):
    data = source.read(count)
    if len(data) < count:
        sys.exit(0)
    return data


def take():
    size, kind = struct.unpack("<IH10x", read(16))
    return kind, read(size)


def say(kind, body):
    out.write(message(kind, body))
    out.flush()


def text(data):
    return struct.pack("<H", len(data)) + data


def no_error():
    return b"\0" + text(b"")


def error(code, what, hint=b""):
    return b"\1" + text(text(code) + text(what) + text(hint))


def relay(data):
    say(RELAYED, b"\0" + struct.pack("<I", len(data)) + data + no_error())


def outcome(identifier, rail=b"tcp", failure=None):
    return (no_error() + b"\0" + text(identifier) + struct.pack("<Q", 1) + text(rail) + text(b"") +
            struct.pack("<I", 1) + b"\1\0" + text(b"off") + bytes([failure is None]) + struct.pack("<QQ", 1, 1) +
            bytes(16) + struct.pack("<Q", 0) + (failure or no_error()) + struct.pack("<15QB", *range(15), 1))


def listen_to_the_other():
    """Whatever comes back, for some seconds."""
    end = time.monotonic() + 8
    while time.monotonic() < end:
        kind, body = take()
        if kind == RELAYED:
            size = struct.unpack("<I", body[1:5])[0]
            heard(b"relayed", body[5:5 + size])
            if body[0]:
                heard(b"ended", body)
                return


def main():
    what = open(os.environ["DEPUTY_DOES"]).read().strip()
    purpose = read(16)[12]
    heard(b"purpose", str(purpose).encode())
    out.write(preface(purpose))
    out.flush()
    take()
    say(1, b'{"cptools":"0.1.0","chunk_bytes":1048576,"format":4}')
    kind, body = take()
    if kind != ORDER:
        sys.exit("no order")
    order = json.loads(body)
    identifier = order["id"].encode()
    wish = dict(order["wish"], secret=SECRET, epoch=1, sealed=False)
    hello = preface(1) + message(1, b'{"cptools":"0.1.0","chunk_bytes":1048576,"format":4}')
    if what == "steal":
        wish.update(direction="pull", sources=[".secret"], destination="", dry_run=False)
        relay(hello + message(2, json.dumps(wish).encode()))
        listen_to_the_other()
    elif what == "write":
        wish.update(destination=".", names=[], incoming={"sources": 1, "name": "", "is_directory": True})
        relay(hello + message(2, json.dumps(wish).encode()))
        listen_to_the_other()
    elif what == "rail":
        relay(preface(2) + bytes(64))
        listen_to_the_other()
    elif what == "garbage":
        out.write(os.urandom(5000))
        out.flush()
        time.sleep(20)
    elif what == "outcome":
        say(OUTCOME, outcome(b"../../x"))
        time.sleep(20)
    elif what == "counts":
        say(OUTCOME, outcome(identifier))
        time.sleep(5)
    elif what == "quiet":
        time.sleep(45)
    elif what == "lies":
        for _ in range(3):
            say(WORD, b"\2" + text(b"\x1b[31mred\nline") + error(b"io", b"\x1b]0;title\x07broken"))
        say(OUTCOME, outcome(identifier, failure=error(b"protocol", b"\x1b[2Jcleared", b"\xff\xfe")))
        time.sleep(5)


main()
