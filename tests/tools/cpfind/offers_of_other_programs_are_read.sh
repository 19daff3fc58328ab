#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What exec:dstack, exec:vast and exec:skypilot make of answers in the form of those projects' sources.
# The projects themselves are not here: small scripts print such answers.
. "$CP_SOURCE/tests/tools/harness.sh"
. "$CP_SOURCE/tests/tools/cpfind/finding.sh"
mkdir bin
export PATH=$PWD/bin:$PATH

# program NAME: a program that prints what is on stdin.
program() {
  cat >"bin/$1.json"
  printf '#!/bin/sh\necho "$@" >>%q\ncat %q\n' "$PWD/$1.calls" "$PWD/bin/$1.json" >"bin/$1"
  chmod 755 "bin/$1"
}

it "says what is missing where the project's program is not there"
expect_status 69 cpfind sources add exec:vast
expect_match 'there is no program vastai: install it' "$STDERR"
expect_status 0 cpfind sources remove vast

program dstack <<'JSON'
{"project":"main","user":"admin","requirements":{"resources":{}},"total_offers":3,"offers":[
{"backend":"runpod","instance":{"name":"MI300X OAM","resources":{"cpus":24,"memory_mib":289792,"gpus":[{"name":"MI300X","memory_mib":196608,"vendor":"amd"},{"name":"MI300X","memory_mib":196608,"vendor":"amd"}],"spot":false,"disk":{"size_mib":102400},"cpu_arch":"x86"}},"region":"EU-RO-1","price":2.49,"availability":"available","availability_zones":["a"],"instance_runtime":"shim","blocks":1,"total_blocks":1},
{"backend":"aws","instance":{"name":"p5.48xlarge","resources":{"cpus":192,"memory_mib":2097152,"gpus":[{"name":"H100","memory_mib":81920,"vendor":"nvidia"}],"spot":true,"disk":{"size_mib":0}}},"region":"us-east-1","price":30.5,"availability":"not_available"},
{"backend":"gcp","region":"us","instance_type":"old-form","resources":{"cpus":0,"memory_mib":0,"gpus":[],"spot":false,"disk":{"size_mib":0}},"price":0.0,"availability":"no_quota"}]}
JSON
it "dstack: backends, regions, cards by kind, spot, and what is available"
expect_status 0 cpfind sources add exec:dstack
validate "$STDOUT"
expect_json '.offers == 3 and .status == "answered"'
expect_match 'offer --json' dstack.calls
expect_status 0 cpfind --gpu MI300X:2
validate "$STDOUT"
expect_json '.provider == "runpod" and .place == {region: "EU-RO-1", zone: "a"} and .node.memory_bytes == 289792 * 1048576
  and .price.hour.amount == "2.49" and .availability.verdict == "free" and .node.accelerators[0].count == 2'
expect_status 0 cpfind --gpu H100 --spot
expect_json '.price.terms == "spot" and .availability.verdict == "busy"'
expect_status 0 cpfind --where 'name = "old-form"'
expect_json '(has("price") | not) and .availability.verdict == "unknown" and (.node | has("memory_bytes") | not)'

program vastai <<'JSON'
[{"id":1001,"machine_id":7,"host_id":3,"num_gpus":2,"gpu_name":"RTX_4090","gpu_ram":24564,"gpu_arch":"nvidia","cpu_name":"EPYC 7742","cpu_arch":"amd64","cpu_cores_effective":31.5,"cpu_ram":257720,"disk_space":512.5,"dph_total":0.5374,"min_bid":0.1,"geolocation":"Michigan, US, NA","duration":864000.5,"inet_up_cost":0.002,"rentable":true,"rented":false},
 {"id":1002,"num_gpus":1,"gpu_name":"H100 SXM","gpu_ram":81559,"dph_total":null,"geolocation":", US","rentable":true,"rented":true}]
JSON
it "vast: a price that is asked, not the floor of its auction; the country, not the continent"
expect_status 0 cpfind sources add exec:vast
expect_match 'search offers --raw' vastai.calls
expect_status 0 cpfind --where 'name = "vast-1001"'
validate "$STDOUT"
expect_json '.place == {country: "US", region: "Michigan"} and .price.hour == {amount: "0.5374", currency: "USD"}
  and .node.cpu.threads == 31 and .node.accelerators[0].count == 2 and .availability.verdict == "free"'
expect_status 0 cpfind --where 'name = "vast-1002"'
expect_json '(has("price") | not) and .availability.verdict == "busy"'

program sky <<'JSON'
{"H100":[{"cloud":"AWS","instance_type":"p5.48xlarge","accelerator_name":"H100","accelerator_count":8.0,"cpu_count":192.0,"device_memory":80.0,"memory":2048.0,"price":98.32,"spot_price":NaN,"region":"us-east-1"},
{"cloud":"GCP","instance_type":null,"accelerator_name":"H100","accelerator_count":1.0,"cpu_count":NaN,"device_memory":NaN,"memory":NaN,"price":2.5,"spot_price":1.0,"region":"us"}],
"T4":[{"cloud":"Azure","instance_type":"NC4","accelerator_name":"T4","accelerator_count":0.5,"cpu_count":4,"device_memory":null,"memory":28,"price":0,"spot_price":0.1,"region":""}]}
JSON
it "skypilot: NaN is unknown, and what is priced apart from any machine is no offer"
expect_status 0 cpfind sources add exec:skypilot
expect_json '.offers == 2'
expect_match 'gpus list -o json' sky.calls
expect_status 0 cpfind --where 'source = skypilot and gpu.model = H100'
validate "$STDOUT"
expect_json '.provider == "aws" and .name == "p5.48xlarge" and .price.hour.amount == "98.32" and .availability.verdict == "unknown"'
expect_status 0 cpfind --spot --where 'source = skypilot'
expect_json '.node.accelerators[0].share == 0.5 and .price.hour.amount == "0.10"'

it "keeps the last answer when the program fails"
printf '#!/bin/sh\nexit 1\n' >bin/sky
expect_status 69 cpfind sources refresh skypilot
expect_status 0 cpfind --where 'source = skypilot'
