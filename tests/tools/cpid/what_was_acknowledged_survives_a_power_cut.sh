#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A machine loses its power while codes are minted, records registered and handed in over HTTP: what
# had been acknowledged is there when it comes back. And where nothing is synced, it is not.
. "$CP_SOURCE/tests/tools/harness.sh"
. "$CP_SOURCE/tests/tools/power_cut.sh"
need curl jq eatmydata

# --- what the machine does ---
mint() {
  while :; do
    for code in $(cpid mint --count 3 --plain); do echo "ack minted $code"; done
  done
}
register() {
  while :; do
    echo '{"schema":"cp.resource/1","kind":"node"}' | cpid register | jq -r '"ack registered " + .id'
  done
}
hand_in() {
  cpid serve --anonymous --listen 127.0.0.1:0 >/tmp/server &
  until grep -q cp.server /tmp/server; do sleep 0.1; done
  url=$(jq -r .url /tmp/server)
  while read -r code; do
    printf '{"schema":"cp.resource/1","id":"%s","seq":1,"issued":"2026-01-01T00:00:00Z","valid_until":"2099-01-01T00:00:00Z","kind":"node","name":"x"}' \
      "$code" | cpid sign >/tmp/record
    [ "$(curl -s -o /tmp/answer -w '%{http_code}' -X PUT -H "Authorization: Bearer $(cat /disk/token)" \
      -H 'If-None-Match: *' --data-binary @/tmp/record "${url}v1/id/$(jq -r '.id | @uri' /tmp/record)")" = 201 ] ||
      { cat /tmp/answer; exit 1; }
    echo "ack registered $code"
  done </disk/codes
}
all_at_once() {
  mint &
  register &
  hand_in &
  wait
}
without_syncs() {
  LD_PRELOAD=$(find / -xdev -name libeatmydata.so | head -n 1)
  export LD_PRELOAD
  "$@"
}
# What is there now, once all of it hangs together.
look() {
  cpid check --ledger >/tmp/check || { cat /tmp/check; exit 1; }
  cpid list --codes --plain | sed 's/^/minted /' && cpid list | jq -r '"registered " + .id' && echo looked
}
MACHINE_DOES=(mint register hand_in all_at_once without_syncs look)

# --- what is shown ---
# What was acknowledged before the power went, of the file "console".
acknowledged_items() { tr -d '\r' <console | grep -xE 'ack (minted|registered) cp:[^ ]+-..' | cut -d' ' -f2-; }
there() { tr -d '\r' <console | grep -xE '(minted|registered) cp:[^ ]+-..'; }
has() { tr -d '\r' <console | grep -qx "$1"; }
lost() { sort items | comm -23 - <(there | sort); }

mkdir disk
export CP_STATE_DIR=$PWD/disk/state
cpid init --prefix 86 >/dev/null
cpid mint --count 400 --plain >disk/codes
cpid token issue --plain --subject u1 --audience 86 --grant register >disk/token
machine cpid jq curl

it "has each code that it printed, each record that it registered and each that its server took"
new_disk disk
: >items
power_on all_at_once
for round in 1 2; do
  acknowledged 60
  cut_power
  acknowledged_items >>items
  # It looks first, and then goes on until the next cut.
  power_on 'look; all_at_once'
  acknowledged 1
  has looked || fail "the registry is damaged: $(head -n 20 console)"
  expect_equal '' "$(lost | head -n 3)" 'acknowledged and lost'
  echo "  cut $round: $(cut -d' ' -f1 items | sort | uniq -c | xargs) acknowledged, none lost"
done
cut_power
for kind in minted registered; do
  [ "$(grep -c "^$kind" items)" -gt 10 ] || fail "too few were $kind to show anything"
done

it "would have noticed: without syncs, something is gone"
new_disk disk
power_on 'without_syncs all_at_once'
acknowledged 60
cut_power
acknowledged_items >items
power_on 'look; echo ack all'
acknowledged 1
cut_power
[ -n "$(lost)" ] || fail 'nothing was lost, although nothing was synced'
