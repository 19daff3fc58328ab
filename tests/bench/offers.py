#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""offers.py OFFERS PROVIDERS: made-up resources of many providers as NDJSON, the same each time: 23
node types, each in up to seven regions of a provider, half with accelerators, prices by the node,
the card or the core, every eleventh with none."""

import sys

MODELS = (("H100-SXM-80GB", 80), ("A100-SXM-80GB", 80), ("L40S", 48), ("H200", 141), ("T4", 16),
          ("MI300X", 192), ("Ascend 910B", 64), ("V100", 32), ("L4", 24), ("A10", 24))
REGIONS = ("cn-sh", "cn-bj", "cn-gz", "cn-cd", "eu-fra", "us-east", "sg")


def draw(seed):
    """A number from 0 to 999,999 that looks random."""
    seed = (seed * 6364136223846793005 + 1442695040888963407) & 0xFFFFFFFFFFFFFFFF
    return (seed >> 33) % 1000000


def line(number, providers):
    provider, kind = number % providers, number // providers
    region, size = REGIONS[kind % 7], draw(number)
    cores = 8 << (size % 5)
    text = ('{"schema":"cp.resource/1","name":"n%d-p%d","kind":"partition","provider":{"name":"provider-%d"},'
            '"place":{"country":"%s","region":"%s"},"nodes":%d,"node":{"cpu":{"cores":%d,"arch":"%s"},'
            '"memory_bytes":%d,"disk_bytes":%d' % (
                kind // 7, provider, provider, region[:2].upper(), region, 1 + size % 64, cores,
                "aarch64" if size % 9 == 0 else "x86_64", cores * (2 << (size % 3)) << 30,
                (1 + size % 8) * 10**12))
    cards = 0
    if size % 2:
        model, memory = MODELS[size % 10 if kind % 3 else 4]
        cards = 1 << (size % 4)
        text += ',"accelerators":[{"model":"%s","count":%d,"memory_bytes":%d}]' % (model, cards, memory << 30)
    else:
        text += ',"accelerators":[]'
    if size % 3:
        text += ',"network":[{"type":"infiniband","rate_bps":%d,"rdma":%s}]' % (
            (100 << (size % 3)) * 10**9, "true" if size % 4 else "false")
    text += "}"
    if size % 11:
        unit = "card-hour" if cards and size % 5 else ("node-hour", "core-hour")[size % 2]
        text += ',"prices":[{"unit":"%s","terms":"on-demand","price":{"amount":"%d.%02d","currency":"CNY"},"quantum_s":60}]' % (
            unit, 1 + size % 97, draw(size) % 100)
    return text + "}\n"


def main():
    offers, providers = int(sys.argv[1]), int(sys.argv[2])
    for number in range(offers):
        sys.stdout.write(line(number, providers))


if __name__ == "__main__":
    main()
