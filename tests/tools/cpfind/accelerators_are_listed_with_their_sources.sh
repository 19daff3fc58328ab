#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
. "$CP_SOURCE/tests/tools/harness.sh"
. "$CP_SOURCE/tests/tools/cpfind/finding.sh"
TABLE=$CP_SOURCE/lib/model/table/accelerators.toml
COMPILE=$CP_BUILD/lib/model/table/cp_accelerator_table

it "lists what a second reader finds in the data file"
expect_status 0 cpfind gpus
validate "$STDOUT"
cp "$STDOUT" all
python=/usr/bin/python3
[ -x $python ] || python=python3
status=0
$python "$CP_SOURCE/tests/tools/cpfind/accelerators.py" "$TABLE" <all >said 2>&1 || status=$?
[ $status -ne 77 ] || skip "$(cat said)"
[ $status -eq 0 ] || fail "$(tail -n 3 said)"
cat said

it "shows a table to people, with the figures as data sheets print them"
expect_status 0 cpfind gpus H100-SXM --table
expect_match '^MODEL .*FORM .*MEMORY .*FP16'
expect_match '^H100-SXM-80GB .* 80 GiB .* 989 T'

it "takes models, families, vendors and the selection language"
expect_status 0 cpfind gpus 'nvidia a100 80g' --plain
expect_stdout "A100-SXM-80GB
A100-PCIe-80GB"
expect_status 0 cpfind gpus --vendor Huawei --where 'gpu.memory >= 64GB' --plain
expect_stdout "Ascend-910B3
Ascend-910B4-1"
expect_status 1 cpfind gpus --vendor huawei --where 'gpu.memory >= 1TB'
expect_stdout ""
expect_status 66 cpfind gpus H10O
expect_match 'do you mean H100' "$STDERR"
expect_status 64 cpfind gpus --where 'gpu.memry > 1GB'
expect_status 64 cpfind gpus --vendor nobody --where 'gpu.memry > 1GB' # whatever the rest leaves
expect_status 64 cpfind gpus --where 'gpu.memory > 1GB and price.hour < 5USD'
expect_match "the table says nothing of 'price.hour'" "$STDERR"

it "says what a name is called here, and which products it leaves open"
expect_status 0 cpfind gpus --normalise 'NVIDIA A100-SXM4-80GB' h100
validate "$STDOUT"
expect_json '$all[0].model == "A100-SXM-80GB" and ($all[0].is_family | not)
  and $all[1].is_family and ($all[1].members | index("H100-NVL-94GB")) and $all[1].asked == "h100"'

it "reads names from standard input, and tells those that it does not know with the nearest"
printf '%s\n' 'Tesla T4' '' 'MI30OX' 'RTX_A6000' >lines
RAN='cpfind gpus --normalise' STATUS=0
cpfind gpus --normalise <lines >"$STDOUT" 2>"$STDERR" || STATUS=$?
expect_equal 66 "$STATUS"
validate "$STDOUT"
expect_json '[$all[] | .model // .item] == ["T4", "MI30OX", "RTX-A6000"]'
expect_match 'do you mean MI300X' "$STDERR"
head -c 100000 /dev/zero | tr '\0' x >long
STATUS=0
cpfind gpus --normalise <long >"$STDOUT" 2>"$STDERR" || STATUS=$?
expect_equal 65 "$STATUS"
expect_status 64 cpfind gpus --normalise --vendor amd H100

it "cannot be built with a figure without a source, a date, or with a wrong one"
# $1: sed's change of the table; $2: what is said of it
refuses() {
  sed "$1" "$TABLE" >broken.toml
  expect_status 1 "$COMPILE" broken.toml out.inc
  expect_match "^broken\\.toml:[0-9]+: .*$2" "$STDERR"
  [ ! -e out.inc ] || fail "it made something of a broken table"
}
refuses '/^name = "H200-SXM-141GB"$/,/^year/s/^source = .*//' "the figure 'memory_gib' has no source"
refuses '/^id = "nvidia-h200"$/,/^$/s/^as_of = .*//' 'as_of has to be a date'
refuses '/^id = "nvidia-h200"$/,/^$/s/^address = .*/address = "a book"/' 'the address is no URL'
refuses '/^name = "H200-SXM-141GB"$/,/^$/s/^memory_gib = .*/memory_gib = 141000/' "'memory_gib' has to be a number from"
refuses '/^name = "H200-SXM-141GB"$/,/^$/s/tf32 = /tf23 = /' "'tf23' is no number format"
refuses '/^name = "H200-SXM-141GB"$/,/^$/s/^vendor = .*/vendor = "nvidai"/' 'is no vendor'
refuses '/^name = "MI300X"$/,/^$/s/^aliases = .*/aliases = ["h_100"]/' 'is also'
refuses '/^name = "MI300X"$/,/^$/s/^aliases = .*/aliases = ["Tesla X"]/' 'brand of another vendor'
refuses '/^name = "MI300X"$/,/^$/s/^form = .*/from_factor = "OAM"/' "a model has no 'from_factor'"
expect_status 0 "$COMPILE" "$TABLE" out.inc

it "names every accelerator of the real catalogs that the table has"
data skypilot/azure/vms.csv
cat >real.py <<'REAL'
import csv, glob, json, sys
names = set()
for file in glob.glob(sys.argv[1] + "/skypilot/*/vms.csv"):
    with open(file, newline="") as lines:
        names |= {row.get("AcceleratorName") or "" for row in csv.DictReader(lines)}
with open(sys.argv[1] + "/sparecores/servers.ndjson") as lines:
    for server in map(json.loads, lines):
        names |= {server.get("gpu_model") or ""} | {g.get("model") or "" for g in server.get("gpus") or []}
with open(sys.argv[1] + "/top500/TOP500_202606.csv") as lines:
    names |= {row["Accelerator/Co-Processor"] for row in csv.DictReader(lines)}
with open(sys.argv[1] + "/gpu-specs/mlco2_gpus.csv") as lines:
    names |= {row["name"] for row in csv.DictReader(lines) if row["type"] != "cpu"}
print("\n".join(sorted(n for n in (name.strip() for name in names) if n and n != "None")))
REAL
$python real.py "${REAL%/skypilot/*}" >names
STATUS=0
cpfind gpus --normalise <names >"$STDOUT" 2>"$STDERR" || STATUS=$?
validate "$STDOUT"
# What is left: totals in place of a name (an import cuts them off), FPGAs, video cards, slices and
# names that a provider made up, cards for games, and one that is two.
jq -r 'select(.schema == "cp.error/1") | .item' "$STDOUT" | grep -vxE \
  'A100-[48]0GB-[0-9]+GB|VG1000|Lovelace|ALINPU 800|G[0-9]+E?|GPU [AH](-e)?|L20N|A910[EXZ]|INTEL ARRIA.*|Xilinx VU9p|AGF 027|GA107|PPU 810|vGPU8|NETINT T408|NVIDIA H100/H200|AGX Xavier|AMD RX480|(GeForce |GIGABYTE )?GTX .*|Quadro [KP]6000|RTX [23]080( T[iI])?|T(itan|ITAN) .*' >left || true
expect_equal "" "$(cat left)" "names that are not known"
echo "$(jq -s 'map(select(.schema == "cp.accelerator/1")) | length' "$STDOUT") of $(wc -l <names) names are known"
