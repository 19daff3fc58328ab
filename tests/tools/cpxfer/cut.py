#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""cut.py PROCESS WHICH [PORT]: shuts sockets of PROCESS down from outside, as a network does that
breaks, once they have carried 4 MB. WHICH: "streams", its TCP connections to PORT but the first,
which is the talk, once others carry, too; "beside", those to any other port; "memory", what it
shares memory beside. Ends with 3 where the kernel does not allow it, with 1 when there is nothing to cut within 20 s."""
import ctypes
import os
import socket
import struct
import sys
import time

PIDFD_GETFD = 438
ENOUGH = 4_000_000
libc = ctypes.CDLL(None, use_errno=True)


def sockets_of(process, handle):
    for name in sorted(os.listdir("/proc/%d/fd" % process), key=int):
        try:
            if not os.readlink("/proc/%d/fd/%s" % (process, name)).startswith("socket:"):
                continue
        except OSError:
            continue
        fd = libc.syscall(PIDFD_GETFD, handle, int(name), 0)
        if fd < 0:
            if ctypes.get_errno() == 1:
                sys.exit(3)
            continue
        yield socket.socket(fileno=fd)


def is_connected_tcp(one):
    if one.family != socket.AF_INET or one.type != socket.SOCK_STREAM:
        return False
    try:
        one.getpeername()
    except OSError:
        return False
    return True


# Linux's struct tcp_info: tcpi_bytes_acked and tcpi_bytes_received.
def carried(one):
    info = one.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 136)
    return sum(struct.unpack_from("QQ", info, 120))


def chosen(process, handle, which, port):
    found = list(sockets_of(process, handle))
    if which == "memory":
        return [one for one in found if one.family == socket.AF_UNIX]
    found = [one for one in found if is_connected_tcp(one)]
    if which == "streams":
        return [one for one in found if one.getpeername()[1] == port][1:]
    return [one for one in found if one.getpeername()[1] != port]


process, which = int(sys.argv[1]), sys.argv[2]
port = int(sys.argv[3]) if len(sys.argv) > 3 else 0
handle = os.pidfd_open(process)
deadline = time.monotonic() + 20
while time.monotonic() < deadline:
    sockets = chosen(process, handle, which, port)
    # What goes through shared memory nobody counts; it is given some time.
    is_busy = which == "memory" or sum(map(carried, sockets)) > ENOUGH
    if which == "streams":
        others = chosen(process, handle, "beside", port)
        is_busy = is_busy and sum(map(carried, others)) > ENOUGH
    if sockets and is_busy:
        time.sleep(1 if which == "memory" else 0)
        for one in sockets:
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        sys.exit(0)
    time.sleep(0.02)
sys.exit(1)
