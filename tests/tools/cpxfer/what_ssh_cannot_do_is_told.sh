#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
. "$CP_SOURCE/tests/tools/harness.sh"
. "$CP_SOURCE/tests/tools/cpxfer/moving.sh"
. "$CP_SOURCE/tests/tools/cpxfer/ssh.sh"

echo hello >file
mkdir here

it "runs nothing for a host that ssh would take for an option"
for host in '-oProxyCommand=touch pwned' '-oProxyCommand=touch${IFS}pwned' 'u@-oProxyCommand=touch pwned' '-F x' 'a b' 'a;touch pwned' '$(touch pwned)'; do
  expect_status 64 cpxfer file -- "$host:x"
  expect_status 64 cpxfer -- "$host:x" here
done
expect_match "is no host for ssh" "$STDERR"
expect_match "write \./.* if it is a file" "$STDERR"
expect_equal "" "$(find . -name '*pwned*')"

it "says that ssh is missing"
expect_status 69 cpxfer --ssh ./no-ssh file far:x
expect_match '^cpxfer: far: cannot execute ./no-ssh: no such file or directory$' "$STDERR"
expect_status 64 cpxfer --ssh ' ' file far:x

it "tells a host that is not known, one that refuses, and one that does not let us in"
start_sshd far
expect_status 66 cpxfer file no-such-host.invalid:x
expect_match '^cpxfer: no-such-host.invalid: Could not resolve hostname' "$STDERR"
printf 'Host shut\n  HostName 127.0.0.1\n  Port 1\n' >>"$SSH_CONFIG"
expect_status 69 cpxfer file shut:x
expect_match '^cpxfer: shut: connect to host 127.0.0.1 port 1: Connection refused' "$STDERR"
ssh-keygen -q -t ed25519 -N '' -f other_key
sed "s|IdentityFile .*|IdentityFile $PWD/other_key|" "$SSH_CONFIG" >other_config
expect_status 77 cpxfer --ssh "ssh -F other_config" file far:x
expect_match '^cpxfer: far: .*Permission denied' "$STDERR"
expect_status 77 cpxfer --ssh "ssh -F $SSH_CONFIG -o UserKnownHostsFile=/dev/null -o GlobalKnownHostsFile=/dev/null" file far:x
expect_match '^cpxfer: far: Host key verification failed' "$STDERR"
expect_status 69 cpxfer --ssh "ssh -F $SSH_CONFIG --no-such-option" file far:x

it "skips whatever start-up files print, also without a line's end"
far_start_up 'echo "welcome to"; seq 3000; printf "no line end"; echo "on stderr" >&2'
expect_status 0 cpxfer file far:noise
expect_equal hello "$(cat "$FAR/noise")"
expect_status 0 cpxfer far:noise here/
expect_equal hello "$(cat here/noise)"

it "gives up on start-up files that never end, or print without end"
far_start_up 'sleep 100'
expect_status 75 cpxfer --timeout 1s file far:slow
far_start_up 'yes'
expect_status 76 cpxfer file far:yes
far_start_up 'exit 3'
expect_status 69 cpxfer file far:exit
far_start_up ''

it "says that the far end has no cpxfer, or none where it is sought"
far_path /usr/bin /bin
expect_status 0 cpxfer --remote-cpxfer /no/cpxfer file far:x
expect_match '^cpxfer: far: there is no /no/cpxfer there; going through the shell' "$STDERR"
expect_equal hello "$(cat "$FAR/x")"
expect_status 0 cpxfer --remote-cpxfer "$CP_BUILD/bin/cpxfer" file far:named
expect_equal hello "$(cat "$FAR/named")"
mkdir "$FAR/tools"
ln -s "$CP_BUILD/bin/cpxfer" "$FAR/tools/"
# shellcheck disable=SC2088 # it is the far home
expect_status 0 cpxfer --remote-cpxfer '~/tools/cpxfer' file far:tilde
mkdir -p "$FAR/.local/bin"
ln -s "$CP_BUILD/bin/cpxfer" "$FAR/.local/bin/"
expect_status 0 cpxfer file far:local
expect_equal hellohello "$(tr -d '\n' <"$FAR/tilde")$(tr -d '\n' <"$FAR/local")"
rm -r "$FAR/.local"

it "tells a far cpxfer of another version, and one that is none"
mkdir bin
printf '#!/bin/sh\nprintf "cpxfer\\r\\n\\143\\000\\000\\000\\001\\000\\000\\000"\nsleep 1\n' >bin/cpxfer
chmod +x bin/cpxfer
far_path "$PWD/bin" /usr/bin /bin
expect_status 76 cpxfer file far:x
expect_stderr "cpxfer: far: the other end speaks version 99, and this one version 2"
printf '#!/bin/sh\necho "cpxfer: there is no flag --stdio" >&2\nexit 64\n' >bin/cpxfer
expect_status 69 cpxfer file far:x
expect_match '^cpxfer: far: cpxfer: there is no flag --stdio' "$STDERR"
printf '#!/no/interpreter\n' >bin/cpxfer
expect_status 69 cpxfer file far:x
far_path "$CP_BUILD/bin" /usr/bin /bin

it "refuses a fabric beside ssh, and a rail of ssh to a daemon"
expect_status 69 cpxfer --rail fabric file far:x
expect_status 64 cpxfer --anonymous --rail ssh file cpx://127.0.0.1:1/x

it "refuses sources here and there, and of two hosts"
expect_status 64 cpxfer file far:file here
expect_status 64 cpxfer far:file u@far:file here
expect_stdout ""
