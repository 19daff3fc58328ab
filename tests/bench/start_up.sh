#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# These tools run in loops: none may take longer to start than twice what rsync takes.
. "$CP_SOURCE/tests/bench/bench.sh"
need rsync
for tool in cpid cpfind cpprobe cpxfer cprun; do
  compare "start-up of $tool" --ours "$tool --version" --peer 'rsync --version' --at-most 2 --runs 41
done
compare 'one code checked' --ours 'cpid check cp:86.3101.42/7F3K9Q2M-JB' --peer 'rsync --version' --at-most 2 --runs 41
finish
