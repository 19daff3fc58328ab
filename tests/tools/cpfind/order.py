# SPDX-License-Identifier: Apache-2.0
"""Computes the order of an answer again, from what stands in its offers: order.py score|price HOME <ANSWER

The scores come from the inputs, worst and best, and weight of each criterion, the total from those. Offers in HOME's
currency come first, then the others by the names of theirs, then those whose cost is not known; in each the order is
that of the total, then of the cost, then of the name without case, an unknown one last, then of the line in the source. Prints how many offers it has ordered; ends with 1 and
the first difference where the order, a score or a rank is another one."""
import json
import math
import sys


def fail(why):
    sys.exit(f"not the same order: {why}")


def rounded(points):
    return math.floor(points * 100 + 0.5) / 100


def points(one):
    if one["input"] is None:
        return None
    if one["scale"] != "linear":
        fail(f"the scale {one['scale']}")
    return min(10.0, max(0.0, 10 * (one["input"] - one["worst"]) / (one["best"] - one["worst"])))


def total(offer):
    gained = weights = 0.0
    for name, one in offer["scores"].items():
        if name == "total":
            continue
        value = points(one)
        if (one["value"] is None) != (value is None) or (value is not None and abs(one["value"] - value) > 0.0051):
            fail(f"{offer['id']}: {name} is {one['value']}, and computed again {value}")
        gained += 0 if value is None else rounded(value) * one["weight"]
        weights += one["weight"]
    again = rounded(gained / weights)
    if abs(again - offer["scores"]["total"]) > 0.0101:
        fail(f"{offer['id']}: the total is {offer['scores']['total']}, and computed again {again}")
    return again


def lower(text):
    return "".join(chr(ord(c) + 32) if "A" <= c <= "Z" else c for c in text).encode()


def cost(offer, home):
    price = offer.get("price") or {}
    money = price.get("job") or price.get("hour")
    if money is None:
        return (1, 0, "", 0.0)
    is_foreign = money["currency"] != home
    return (0, is_foreign, money["currency"] if is_foreign else "", float(money["amount"]))


def key(offer, by, home):
    name = offer.get("name")
    place = (offer["source"]["name"], offer["source"].get("line", 0))
    is_unpriced, is_foreign, currency, amount = cost(offer, home)
    points_of = -total(offer) if by == "score" else 0
    return (is_unpriced, is_foreign, currency, points_of, amount, name is None, lower(name or "")), place


def main():
    by, home = sys.argv[1], sys.argv[2]
    offers = [json.loads(line) for line in sys.stdin]
    offers = [offer for offer in offers if offer["schema"] == "cp.offer/1"]
    keys = [key(offer, by, home) for offer in offers]
    for i, offer in enumerate(offers):
        total(offer)
        if offer["rank"] != i + 1:
            fail(f"{offer['id']} is the {i + 1}th and has the rank {offer['rank']}")
        if i == 0:
            continue
        (before, was), (now, here) = keys[i - 1], keys[i]
        # Of offers that are alike in everything those of one source stand in the order of its lines.
        if before > now or (before == now and was[0] == here[0] and was[1] > here[1]):
            fail(f"{offers[i - 1]['id']} before {offer['id']}: {before} {was}, {now} {here}")
    print(len(offers))


main()
