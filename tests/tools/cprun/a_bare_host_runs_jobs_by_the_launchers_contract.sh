#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
. "$CP_SOURCE/tests/tools/harness.sh"
. "$CP_SOURCE/tests/tools/cpxfer/ssh.sh"

it "keeps what every launcher promises, with the system's tools alone"
far_path /usr/bin /bin
start_sshd far 'MaxSessions 64' 'MaxStartups 64'
expect_status 0 env CP_LAUNCHER=ssh://far "$CP_BUILD/tests/provider/launcher_test" '~*supervisor*'
