#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Assignment of 10,000 demands, hardly two of them alike, to 100,000 resources of 5,000 kinds, as a
# whole process; and what choosing among 64 classes costs against choosing among all, on 500 demands
# and 2,000 resources that are 2,000 kinds.
. "$CP_SOURCE/tests/bench/bench.sh"
/usr/bin/python3 "$CP_SOURCE/tests/bench/assignment.py" 10000 100000 5000
assign="sh -c 'cpfind assign -r resources.ndjson demands.ndjson >out || [ \$? -eq 1 ]'"
compare 'assignment of 10,000 to 100,000' --ours "$assign" --within 10 --items 10000
tail -n 1 out | jq -c '{served: .matched, demands, classes, price}'

/usr/bin/python3 "$CP_SOURCE/tests/bench/assignment.py" 500 2000 2000
for classes in 64 0; do
  cpfind assign -r resources.ndjson demands.ndjson --classes $classes >out || [ $? -eq 1 ]
  tail -n 1 out | jq -c '[.matched, (.price.hour.amount | tonumber)]' >best.$classes
done
jq -rn --slurpfile few best.64 --slurpfile all best.0 '"64 classes against all, 500 to 2,000: served \($few[0][0]) and \($all[0][0]), price \($few[0][1]) and \($all[0][1]) an hour, gap \(($few[0][1] / $all[0][1] - 1) * 1e6 | round / 1e4) %"'
finish
