#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The other end of a cpxfer, as nobody would wish it. Every form ends within a minute.

peer.py flip PORT STREAM OFFSET   stands between a client and the server at PORT, says "port N", and
                                  changes one bit of the byte at OFFSET of each "control" or "rail"
                                  connection, on its way to the server or (back-rail) from it
peer.py repeat PORT OFFSET COUNT  stands there, too, and sends those bytes of each rail twice
peer.py freeze PORT FILE          stands there, too; once FILE is there, nothing moves over the
                                  connections of that moment any more, and none of them ends;
                                  then it says "frozen"
peer.py answer HEX                a server: says "port N" and answers every connection with these
                                  bytes and then nothing more
peer.py measured WHAT             a server that is measured by one client, and is "old", or has "more",
                                  "busier", "early", "noise", "nothing", "slow" or "endless" to say
peer.py say PORT WHAT             a client of the server at PORT; prints what it was answered"""

import base64
import hmac
import json
import os
import select
import socket
import struct
import sys
import time

END = time.monotonic() + 55
MAGIC = b"cpxfer\r\n"
SECRET = bytes(range(32))
HELLO, OPEN, OPENED, ENTRIES, FAILED, FINISH, RESULT, ERROR, READY, MEASURED = 1, 2, 3, 4, 6, 9, 10, 11, 13, 23
DIGEST_OF_ZERO = bytes.fromhex("a6cd5e9392000f6ac44bdff4074eecdb")  # XXH3-128 of one zero byte


def listen():
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(64)
    print("port", listener.getsockname()[1], flush=True)
    return listener


class Pair:
    """A client's connection and ours to the server, and what has passed."""

    def __init__(self, client, port):
        self.ends = [client, socket.create_connection(("127.0.0.1", port))]
        self.passed = [0, 0]
        self.kind = None
        self.open = {0, 1}
        self.kept = bytearray()

    def forward(self, index, stream, offset, repeat=0):
        """Whether there may be more in this direction."""
        data = bytearray(self.ends[index].recv(1 << 16))
        whole = len(data)
        if index == 0 and self.passed[0] == 0 and len(data) > 12:
            self.kind = {1: "control", 2: "rail"}.get(data[12])
        wanted = self.kind if index == 0 else "back-%s" % self.kind
        at = offset - self.passed[index]
        if repeat and wanted == stream:
            self.kept += data[max(at, 0):max(at + repeat, 0)]
            if 0 <= at + repeat <= whole:
                data[at + repeat:at + repeat] = self.kept
        elif wanted == stream and 0 <= at < len(data):
            data[at] ^= 1
        self.passed[index] += whole
        try:
            self.ends[1 - index].sendall(data)
        except OSError:
            pass  # it reads no more, and may still have said something
        return whole != 0

    def end(self, index):
        """This direction has ended: the other end hears of it."""
        self.open.discard(index)
        try:
            self.ends[1 - index].shutdown(socket.SHUT_WR)
        except OSError:
            pass


def flip(port, stream, offset, freeze=None, repeat=0):
    listener, pairs, frozen = listen(), [], []
    while time.monotonic() < END:
        if freeze and not frozen and os.path.exists(freeze):
            pairs, frozen = [], pairs
            print("frozen", flush=True)
        sockets = {pair.ends[i]: (pair, i) for pair in pairs for i in pair.open}
        for ready in select.select([listener, *sockets], [], [], 0.05)[0]:
            if ready is listener:
                pairs.append(Pair(listener.accept()[0], port))
                continue
            pair, index = sockets[ready]
            try:
                goes_on = pair.forward(index, stream, offset, repeat)
            except OSError:
                goes_on = False
            if not goes_on:
                pair.end(index)
        for pair in [pair for pair in pairs if not pair.open]:
            pairs.remove(pair)
            for end in pair.ends:
                end.close()


def answer(data):
    listener, held = listen(), []
    listener.settimeout(0.5)
    while time.monotonic() < END:
        try:
            held.append(listener.accept()[0])
            held[-1].sendall(data)
        except OSError:
            pass


def fields(*texts):
    return b"".join(struct.pack("<H", len(text)) + text for text in texts)


def proofs(opened, secret=SECRET):
    """What the first stream of that session claims, and how it is answered: RFC 5869 over fields with
    their lengths. SECRET is the client's share."""
    server, token = (base64.b64decode(text) for text in (opened["secret"], opened["tokens"][0]))
    key = hmac.digest(b"cptools cpxfer keys 1", fields(b"", secret, server), "sha256")

    def derived(direction):
        info = fields(b"proof", direction, opened["id"].encode(), b"0", b"1", token, b"clear")
        return hmac.digest(key, info + b"\1", "sha256")
    return token + derived(b"up"), derived(b"down")


class Talk:
    """One end of a connection."""

    def __init__(self, connection):
        self.socket = connection
        self.socket.settimeout(25)

    def say(self, data):
        try:
            self.socket.sendall(data)
        except OSError:
            pass  # the server may have ended already; its answer tells

    def read(self, count):
        data = b""
        while len(data) < count:
            more = self.socket.recv(count - len(data))
            if not more:
                raise EOFError
            data += more
        return data

    def preface(self, major=2, purpose=1):
        self.say(MAGIC + struct.pack("<HHB3x", major, 0, purpose))

    def message(self, kind, body, flags=0, length=None):
        size = len(body) if length is None else length
        self.say(struct.pack("<IHHQ", size, kind, flags, 0) + body)

    def hear(self):
        size, kind, _, _ = struct.unpack("<IHHQ", self.read(16))
        return kind, self.read(size)


class Client(Talk):
    def __init__(self, port):
        super().__init__(socket.create_connection(("127.0.0.1", port)))
        self.port = port

    def greet(self):
        self.preface()
        self.read(16)
        self.message(HELLO, b'{"cptools":"0","chunk_bytes":1048576}')
        assert self.hear()[0] == HELLO

    def open(self, **changes):
        self.greet()
        wish = {"direction": "push", "sources": [], "destination": "/in", "incoming":
                {"sources": 1, "name": "", "is_directory": True}, "placement": "inside",
                "durability": "batch", "rail": "tcp", "provider": "", "streams": 1, "dry_run": False,
                "secret": base64.b64encode(SECRET).decode(), "epoch": 1, "sealed": False}
        self.message(OPEN, json.dumps(wish | changes).encode())

    def begin(self, **changes):
        """Opens a push and its one stream."""
        self.open(**changes)
        kind, body = self.hear()
        assert kind == OPENED, body
        self.rail = Client(self.port)
        self.rail.preface(purpose=2)
        claim, expected = proofs(json.loads(body))
        self.rail.say(claim)
        assert self.rail.read(32) == expected
        self.message(READY, b"{}")

    def entry(self, path, kind=2, target=b"", size=0, number=0, mode=0o755):
        body = struct.pack("<IBQQIqI", 1, kind, number, size, mode, 0, 0)
        for text in (path, target):
            body += struct.pack("<H", len(text)) + text
        self.message(ENTRIES, body + bytes(17))

    def told(self):
        """What the server says at the end: the message of its error, "done", or "ended"; what it says of
        single items is printed."""
        try:
            while True:
                kind, body = self.hear()
                if kind == ERROR:
                    return texts(body)[1]
                if kind == FAILED:
                    path = texts(body)[0]
                    print("%s: %s" % (path, texts(body[2 + len(path) + 8:])[1]))
                if kind == RESULT:
                    return "done"
        except (EOFError, ConnectionError):
            return "ended"


def frame(number, payload, digest=bytes(16)):
    header = struct.pack("<4sBBHQQQII16s72x", b"CPXC", 1, 1, 128, number, number, 0, len(payload),
                         len(payload), digest)
    return header[:128] + payload


def take_chunks(rail):
    """Takes all chunks of RAIL as a receiver does; how many bytes they had."""
    taken = count = 0
    try:
        while True:
            header = rail.read(128)
            length = struct.unpack("<I", header[36:40])[0]
            rail.read(length)
            taken, count = taken + length, count + 1
            rail.say(struct.pack("<4sIQ", b"CPXG", 0, count))
    except (EOFError, ConnectionError):
        return taken


def measured(what):
    listener = listen()
    control = Talk(listener.accept()[0])
    control.read(16)
    control.preface()
    control.hear()
    version = 3 if what == "old" else 4
    control.message(HELLO, b'{"cptools":"0.0.7","chunk_bytes":1048576,"format":%d}' % version)
    if what == "old":
        return control.hear()
    wish = json.loads(control.hear()[1])
    opened = {"id": "t-01M8233HY9NHH45D4A69ZNK920", "window": 8,
              "tokens": [base64.b64encode(b"t" * 16).decode()],
              "secret": base64.b64encode(SECRET).decode(), "provider": "", "port": 0, "address": "",
              "door": "", "incoming": {"sources": 1, "name": "", "is_directory": True}, "root": "",
              "renamed_to": ""}
    control.message(OPENED, json.dumps(opened).encode())
    rail = Talk(listener.accept()[0])
    rail.read(16)
    claim, answered = proofs(opened, base64.b64decode(wish["secret"]))
    assert rail.read(48) == claim
    rail.say(answered)
    assert control.hear()[0] == READY
    if wish["direction"] == "push":
        if what == "slow":
            return time.sleep(50)
        taken = take_chunks(rail)
        control.message(MEASURED, struct.pack("<QQ", taken + (what == "more"),
                                              1 << 62 if what == "busier" else 0))
    elif what == "early":
        rail.socket.close()
        control.message(MEASURED, struct.pack("<QQ", 0, 0))
    elif what == "noise":
        rail.say(frame(1, b"x" * 4096))
    elif what == "endless":
        payload, number = bytes(1), 0
        try:
            while time.monotonic() < END:
                number += 1
                rail.say(frame(number, payload, DIGEST_OF_ZERO))
                time.sleep(0.02)
        except OSError:
            pass
    time.sleep(50)


def texts(body):
    found = []
    while len(body) >= 2:
        size = struct.unpack("<H", body[:2])[0]
        found.append(body[2:2 + size].decode(errors="replace"))
        body = body[2 + size:]
    return found


def say(port, what):
    client = Client(port)
    pushes = {"up": b"../x", "absolute": b"/x", "nul": b"a\0b", "midway": b"a/../../x",
              "ours": b".cpxfer/x", "dot": b"./x", "long": b"n" * 256, "none": b"a//b"}
    destinations = {"destination-up": "/../x", "destination-nul": "/a\0b", "destination-ours": "/.cpxfer/x"}
    if what == "nothing":
        pass
    elif what == "garbage":
        client.say(bytes(range(256)) * 64)
    elif what == "http":
        client.say(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
    elif what == "version":
        client.preface(major=255)
        return print("answered with version", struct.unpack("<H", client.read(16)[8:10])[0])
    elif what == "purpose":
        client.preface(purpose=9)
        return print("answered" if client.read(16)[:8] == MAGIC else "nothing")
    elif what == "token":
        client.preface(purpose=2)
        client.say(b"0" * 48)
    elif what == "proof":
        client.open()
        opened = json.loads(client.hear()[1])
        rail = Client(port)
        rail.preface(purpose=2)
        claim = bytearray(proofs(opened)[0])
        claim[-1] ^= 1
        rail.say(bytes(claim))
        return print("answered" if rail.socket.recv(1) else "not answered")
    elif what == "length":
        client.preface()
        client.read(16)
        client.message(HELLO, b"", length=0xFFFFFFFF)
    elif what == "slowly":
        client.preface()
        client.read(16)
        for byte in struct.pack("<IHHQ", 1 << 20, HELLO, 0, 0) + b" " * 100:
            client.say(bytes([byte]))
            if select.select([client.socket], [], [], 0.5)[0]:
                break
    elif what == "json":
        client.greet()
        client.message(OPEN, b'{"direction":')
    elif what == "streams":
        client.open(streams=1_000_000)
    elif what == "no-streams":
        client.open()
        assert client.hear()[0] == OPENED
        print("holds", flush=True)
    elif what in destinations:
        client.open(destination=destinations[what])
    elif what in pushes:
        client.begin()
        client.entry(pushes[what])
    elif what == "huge":
        client.begin()
        client.entry(b"f", kind=1, size=(1 << 60) - 1, number=1)
        client.message(FINISH, b"")
    elif what == "chunk":
        client.begin()
        client.entry(b"f", kind=1, size=4, number=1)
        client.rail.say(b"\xff" * 4096)
    elif what == "measured-for-years":
        client.open(measure_ms=10**12)
    elif what == "measured-as-a-dry-run":
        client.open(measure_ms=100, dry_run=True)
    elif what == "measured-without-a-word":
        client.begin(measure_ms=100)
    elif what == "measured-with-noise":
        client.begin(measure_ms=100)
        client.rail.say(frame(1, b"x" * 4096))
    elif what == "measured-and-not-read":
        client.begin(measure_ms=100, direction="pull", sources=["/"])
    elif what == "link":
        client.begin()
        client.entry(b"l", kind=3, target=b"/etc/passwd", mode=0o777)
        client.entry(b"m", kind=3, target=b"a/../../out", mode=0o777)
        client.message(FINISH, b"")
    elif what == "through":
        client.begin(durability="none")
        client.entry(b"l", kind=3, target=b".", mode=0o777)
        client.entry(b"l/x")
        client.message(FINISH, b"")
    else:
        sys.exit("say what?")
    print(client.told())


if __name__ == "__main__":
    form, arguments = sys.argv[1], sys.argv[2:]
    if form == "flip":
        flip(int(arguments[0]), arguments[1], int(arguments[2]))
    elif form == "repeat":
        flip(int(arguments[0]), "rail", int(arguments[1]), repeat=int(arguments[2]))
    elif form == "freeze":
        flip(int(arguments[0]), "none", 0, arguments[1])
    elif form == "answer":
        answer(bytes.fromhex(arguments[0]))
    elif form == "measured":
        measured(arguments[0])
    elif form == "say":
        say(int(arguments[0]), arguments[1])
