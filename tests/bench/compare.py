#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""compare.py LABEL --ours COMMAND [--peer COMMAND]: times whole processes in turn (ours, peer, ours,
peer …) and prints one line: the medians, the spread, and the median of the ratios pair by pair.

A COMMAND is split as a shell splits words; one that needs a pipe is "sh -c '…'". Each must end with
0. --before runs untimed before every run, e.g. to remove what the last one made. --items N and
--bytes N say how much one run does, and add a rate; with --bytes the CPU is told for a gigabyte, of
both. --far PID,… are servers whose CPU, and that of their children, counts with each command's own. --at-most R or --within SECONDS is the target:
when it is missed the line says so and the exit status is 1. Absolute figures swing with whatever
else the machine does: quote the ratio."""

import argparse
import os
import shlex
import statistics
import subprocess
import sys
import time


def arguments():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("label")
    parser.add_argument("--ours", required=True)
    parser.add_argument("--peer")
    parser.add_argument("--before")
    parser.add_argument("--stdin", default=os.devnull)
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument("--items", type=float)
    parser.add_argument("--bytes", type=float)
    parser.add_argument("--far", type=lambda text: [int(pid) for pid in text.split(",")], default=[])
    parser.add_argument("--at-most", type=float)
    parser.add_argument("--within", type=float)
    return parser.parse_args()


def far_cpu(pids):
    """CPU seconds of the servers PIDS and of the children that they have waited for, once they have
    no others."""
    ticks = 0
    for pid in pids:
        for _ in range(200):
            with open("/proc/%d/task/%d/children" % (pid, pid), encoding="ascii") as children:
                if not children.read().strip():
                    break
            time.sleep(0.01)
        with open("/proc/%d/stat" % pid, encoding="ascii", errors="replace") as stat:
            ticks += sum(int(field) for field in stat.read().rsplit(")", 1)[1].split()[11:15])
    return ticks / os.sysconf("SC_CLK_TCK")


def seconds_of(command, options):
    """Wall and CPU seconds of one run."""
    if options.before:
        subprocess.run(shlex.split(options.before), check=True, stdin=subprocess.DEVNULL)
    far_before = far_cpu(options.far)
    with open(options.stdin, "rb") as source:
        start = time.monotonic()
        process = subprocess.Popen(shlex.split(command), stdin=source, stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit("compare: status %d of: %s" % (process.returncode, command))
    return wall, usage.ru_utime + usage.ru_stime + far_cpu(options.far) - far_before


def shown(value):
    if value < 1:
        return "%.3g ms" % (value * 1e3)
    return "%.3g s" % value


def figure(walls):
    return "%s (%s to %s)" % (shown(statistics.median(walls)), shown(min(walls)), shown(max(walls)))


def cpu_of(runs, i, options):
    """The CPU of command I, for a gigabyte where bytes are what is moved."""
    median = statistics.median(run[i][1] for run in runs)
    if options.bytes:
        return "%.3g s of CPU per GB" % (median / options.bytes * 1e9)
    return "%s of CPU" % shown(median)


def rate(amount, unit, wall):
    for factor, prefix in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if amount / wall >= factor:
            return ", %.3g %s%s/s" % (amount / wall / factor, prefix, unit)
    return ", %.3g %s/s" % (amount / wall, unit)


def main():
    options = arguments()
    commands = [options.ours] + ([options.peer] if options.peer else [])
    for command in commands:
        seconds_of(command, options)
    runs = [[seconds_of(command, options) for command in commands] for _ in range(options.runs)]
    walls = [[run[i][0] for run in runs] for i in range(len(commands))]
    median = statistics.median(walls[0])
    line = "%s: %s, %s" % (options.label, figure(walls[0]), cpu_of(runs, 0, options))
    for amount, unit in ((options.items, "items"), (options.bytes, "B")):
        line += rate(amount, " " + unit if unit == "items" else unit, median) if amount else ""
    missed = options.within is not None and median > options.within
    if options.within is not None:
        line += " [at most %s]" % shown(options.within)
    if options.peer:
        ratio = statistics.median(a / b for a, b in zip(*walls))
        line += "; %s %s, %s: %.2f x" % (shlex.split(options.peer)[0], figure(walls[1]),
                                         cpu_of(runs, 1, options), ratio)
        if options.at_most is not None:
            line += " [at most %.3g x]" % options.at_most
            missed = missed or ratio > options.at_most
    print(line + (" MISSED" if missed else ""), flush=True)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
