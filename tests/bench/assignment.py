#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""assignment.py DEMANDS RESOURCES KINDS: writes demands.ndjson and resources.ndjson, the same each
time: RESOURCES resources of KINDS kinds (model, cards, cores, memory, price, place), and DEMANDS
demands of one to four nodes with four priorities, hardly two of them alike."""

import json
import random
import sys

MODELS = [("H100-SXM-80GB", 80, 16.0), ("A100-SXM-80GB", 80, 9.0), ("A100-SXM-40GB", 40, 7.0),
          ("L40S", 48, 5.0), ("T4", 16, 1.5), ("Ascend-910B3", 64, 6.0), ("MI300X", 192, 14.0)]
PLACES = ["cn-sh", "cn-bj", "cn-gz", "eu-fra", "us-east"]


def kind(draw):
    model, memory, price = draw.choice(MODELS)
    cards = draw.choice([1, 2, 4, 8])
    cores = draw.choice([16, 32, 64, 96, 128])
    amount = price * draw.uniform(0.7, 1.6)
    return {"node": {"cpu": {"cores": cores}, "memory_bytes": cores * 8 * 2**30,
                     "accelerators": [{"vendor": "any", "model": model, "count": cards,
                                       "memory_bytes": memory * 2**30}]},
            "place": {"region": draw.choice(PLACES)},
            "prices": [{"terms": "on-demand", "unit": "card-hour",
                        "price": {"amount": "%.4f" % amount, "currency": "CNY"}}]}


def main():
    demands, resources, kinds = map(int, sys.argv[1:4])
    draw = random.Random(20261123)
    shapes = [kind(draw) for _ in range(kinds)]
    nodes = 0
    with open("resources.ndjson", "w") as out:
        for number in range(resources):
            one = {"schema": "cp.resource/1", "name": "r%d" % number, "kind": "node", "nodes": 1,
                   "provider": {"name": "p%d" % (number % 7000)}, **draw.choice(shapes)}
            nodes += 1
            out.write(json.dumps(one) + "\n")
    with open("demands.ndjson", "w") as out:
        for number in range(demands):
            model, memory, _ = draw.choice(MODELS)
            gpu = {"count": draw.choice([1, 1, 2, 4, 8])}
            gpu |= {"models": [model]} if draw.random() < 0.7 else {"memory_bytes": memory * 2**30}
            one = {"schema": "cp.demand/1", "name": "d%d" % number, "gpu": gpu,
                   "nodes": draw.choice([1] * 9 + [2]) if len(sys.argv) < 5 else 1,
                   "priority": draw.randrange(4), "cores": draw.randrange(8, 97),
                   "duration_s": draw.randrange(600, 86400)}
            if draw.random() < 0.3:
                one["where"] = 'region like "%s"' % draw.choice(["cn-*", "eu-*", "cn-sh"])
            out.write(json.dumps(one) + "\n")


main()
