#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
. "$CP_SOURCE/tests/tools/harness.sh"
. "$CP_SOURCE/tests/tools/cpxfer/ssh.sh"
far_path /usr/bin /bin
start_sshd far 'MaxSessions 64' 'MaxStartups 64'
on=(--no-agent --on ssh://far)
field() { cprun status --json "$1" | jq -r "$2"; }
is() { [ "$(field "$1" .state)" = "$2" ]; }
submit() { expect_status 0 cprun submit -q "${on[@]}" "$@"; ID=$(jq -r .id "$STDOUT"); }
ended() { cprun wait "$1" --json >ended 2>/dev/null || true; jq -r '[.state, .reason // "", .exit_code // "", .signal // ""] | join(" ")' ended; }
root=$FAR/.local/state/cptools/ssh
token() { field "$1" '.attempts[-1].native_name | split(".") | last'; }
shell_of() { sed -n 's/^job //p' "$root/fences/$(token "$1")"; }

it "runs a command as if it were here: its output, its status, its record"
expect_status 5 cprun run -q "${on[@]}" --record record -- sh -c 'echo out; echo err >&2; exit 5'
expect_stdout out
expect_stderr err
validate record
expect_json '.state == "FAILED" and .exit_code == 5 and .attempts[0].url == "ssh://far" and .attempts[0].guarantee == "exactly-once"' record
expect_json '.usage.estimated | not' record

it "gives the job the surroundings of a login there, and none of ours"
export SECRET_OF_MINE=1
expect_status 0 cprun run -q "${on[@]}" --env 'MINE=a "b"' -- sh -c 'echo "$HOME $MINE ${SECRET_OF_MINE-none} ${SSH_AUTH_SOCK-none} $PATH"'
expect_stdout "$FAR a \"b\" none none /usr/bin:/bin"

it "hands arguments on byte for byte, and its input"
printf 'a\0b\n' >input
expect_status 0 cprun run -q "${on[@]}" --stdin input -- cat
cmp "$STDOUT" input
printf 'from a pipe' | { expect_status 0 cprun run -q "${on[@]}" --stdin - -- cat; expect_stdout 'from a pipe'; }
words=('$(touch pwned)' "it's" '' -n $'a\nb' '*' $'\xff' \\ '"$HOME"' ';id' $'\r')
expect_status 0 cprun run -q "${on[@]}" -- printf '%s|' "${words[@]}"
printf '%s|' "${words[@]}" >wanted
cmp wanted "$STDOUT"
[ ! -e "$FAR/pwned" ] || fail "it was run"

it "brings data there and back"
mkdir data
echo one >data/1
printf '#!/bin/sh\ncat data/1 >result\necho more >>result\n' >job.sh
chmod +x job.sh
expect_status 0 cprun run -q "${on[@]}" --stage-in data:data --stage-out result:"$PWD/result" -- ./job.sh
expect_equal $'one\nmore' "$(cat result)"
expect_equal '' "$(find "$root" -path '*/work/*')" "left behind"

it "tells time limit, cancelling, signals and killed shells apart"
submit -- sh -c 'kill -SEGV $$'
expect_equal 'FAILED user_error  11' "$(ended "$ID")"
submit --duration 1s -- sleep 600
expect_equal 'FAILED timeout  15' "$(ended "$ID")"
submit -- sleep 600
wait_until is "$ID" ACTIVE
expect_status 0 cprun cancel "$ID"
expect_equal 'CANCELED canceled  15' "$(ended "$ID")"
submit -- sh -c 'setsid sleep 601 & sleep 602'
wait_until is "$ID" ACTIVE
kill -9 "$(shell_of "$ID")"
expect_match '^FAILED lost' <(ended "$ID")
expect_equal '' "$(running '^sleep 60[12]$')" "left running"

it "calls a job lost with its machine when that has been started anew"
submit -- sleep 600
wait_until is "$ID" ACTIVE
sed -i 's/^boot .*/boot 00000000-0000-0000-0000-000000000000/' "$root/fences/$(token "$ID")"
expect_match '^FAILED node_lost' <(ended "$ID")

it "says nothing about a job that another machine of that name runs"
submit -- sleep 600
wait_until is "$ID" ACTIVE
sed -i 's/^host .*/host other/' "$root/fences/$(token "$ID")"
is "$ID" UNKNOWN || fail "it is $(field "$ID" .state)"
expect_match 'it runs on other' <(field "$ID" '.attempts[-1].message')
sed -i "s/^host .*/host $(uname -n)/" "$root/fences/$(token "$ID")"
expect_status 0 cprun cancel "$ID"
expect_equal 'CANCELED canceled  15' "$(ended "$ID")"

it "knows nothing of its jobs while their records are gone, and goes on afterwards"
submit -- sleep 2
mv "$root" "$root.away"
is "$ID" UNKNOWN || fail "it is $(field "$ID" .state)"
expect_status 125 cprun run -q "${on[@]}" -- true
expect_match 'is not there, or not the one of before' "$STDERR"
mv "$root.away" "$root"
expect_equal 'COMPLETED  0 ' "$(ended "$ID")"

it "says that a state is unknown while nobody can be reached, and goes on afterwards"
submit -- sleep 2
stop_server far KILL
for one in $(running 'sshd: |^ssh: .*\[mux\]'); do kill -9 "$one" 2>/dev/null || true; done
is "$ID" UNKNOWN || fail "it is $(field "$ID" .state)"
start_server far "$SSHD" -D -e -f "$SSHD_DIR/far.conf"
expect_equal 'COMPLETED  0 ' "$(ended "$ID")"

it "shows the output of a job that goes on, across a cut"
submit -- sh -c 'echo first; while [ ! -e go ]; do sleep 0.1; done; echo last'
cprun logs -f --no-agent "$ID" >followed 2>followed.err &
follower=$!
wait_until grep -q first followed
for one in $(running 'sshd: |^ssh: .*\[mux\]'); do kill -9 "$one" 2>/dev/null || true; done
touch "$root/$(token "$ID")/work/go"
wait $follower || fail "$(cat followed.err)"
expect_equal $'first\nlast' "$(cat followed)"

it "goes through one connection, and opens another when it is lost"
connections() { grep -c 'Accepted publickey' "$TESTDIR/far.err"; }
submit -- true
before=$(connections)
for _ in 1 2 3 4 5; do cprun status "$ID" >/dev/null; done
expect_equal "$before" "$(connections)" connections
for one in $(running '^ssh: .*\[mux\]'); do kill -9 "$one"; done
submit -- true
[ "$(connections)" -gt "$before" ] || fail "no other connection"

it "says what is wrong with a host, and what to type"
expect_status 125 cprun run -q --on ssh://no-such-host.invalid -- true
expect_match 'Could not resolve hostname.*is the name right' "$STDERR"
printf 'Host shut\n  HostName 127.0.0.1\n  Port 1\n' >>"$SSH_CONFIG"
expect_status 125 cprun run -q --on ssh://shut -- true
expect_match 'Connection refused.*ssh -v shut' "$STDERR"
CP_SSH_COMMAND="ssh -F $SSH_CONFIG -o UserKnownHostsFile=/dev/null -o GlobalKnownHostsFile=/dev/null" \
  expect_status 125 cprun run -q --on ssh://far -- true
expect_match 'Host key verification failed.*once by hand shows it' "$STDERR"
ssh-keygen -q -t ed25519 -N '' -f other_key
sed "s|IdentityFile .*|IdentityFile $PWD/other_key|" "$SSH_CONFIG" >other_config
CP_SSH_COMMAND="ssh -F other_config" expect_status 125 cprun run -q --on ssh://far -- true
expect_match 'Permission denied.*ssh-copy-id far' "$STDERR"
for url in ssh: ssh:// ssh://-oProxyCommand=x ssh://far/path ssh://far:0; do
  expect_status 64 cprun submit -q --no-agent --on "$url" -- true
done

it "gives up on a host that does not answer in time"
far_start_up 'sleep 20'
CP_CPRUN_PATIENCE=1s expect_status 125 cprun run -q --on ssh://far -- true
expect_match 'no answer within 1 s' "$STDERR"
