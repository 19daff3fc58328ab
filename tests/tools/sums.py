# SPDX-License-Identifier: Apache-2.0
"""The arithmetic inside records: what is printed can be computed again from what is printed."""

import math
from decimal import Decimal

ROUNDED = 0.01 + 1e-9  # two places are enough for a person


def on_scale(number, scale):
    if scale == "linear":
        return number
    if scale in ("log", "log10") and number > 0:
        return math.log10(number)
    return None  # a scale that we do not know, or a number that is not on it


def points(score):
    numbers = [on_scale(score[name], score["scale"]) for name in ("input", "worst", "best")]
    if None in numbers or numbers[1] == numbers[2]:
        return None
    value, worst, best = numbers
    return min(10.0, max(0.0, 10 * (value - worst) / (best - worst)))


def score_faults(name, score, missing):
    path = "scores." + name
    if score["value"] is None or score["input"] is None:
        if score["value"] is not None:
            yield "%s.value: there is no input to compute it from" % path
        if name not in missing and path not in missing:
            yield "%s: it is unknown and not listed in missing" % path
        return
    wanted = points(score)
    if wanted is not None and abs(wanted - score["value"]) > ROUNDED:
        yield "%s.value: %s, computed again %.4f" % (path, score["value"], wanted)


def offer_faults(offer):
    scores = {name: score for name, score in offer.get("scores", {}).items() if name != "total"}
    for name, score in scores.items():
        yield from score_faults(name, score, offer.get("missing", []))
    weight = sum(score["weight"] for score in scores.values())
    if "total" in offer.get("scores", {}) and weight > 0:
        wanted = sum(score["weight"] * (score["value"] or 0) for score in scores.values()) / weight
        if abs(wanted - offer["scores"]["total"]) > ROUNDED:
            yield "scores.total: %s, computed again %.4f" % (offer["scores"]["total"], wanted)
    yield from job_price_faults((offer.get("price") or {}).get("job") or {})


def job_price_faults(price):
    parts = [price.get(name) for name in ("compute", "data", "wait")]
    if "amount" not in price or parts[0] is None:
        return
    wanted = sum(Decimal(part) for part in parts if part is not None)
    if wanted != Decimal(price["amount"]):
        yield "price.job.amount: %s, the parts make %s" % (price["amount"], wanted)


def transfer_faults(transfer):
    files = transfer["files"]
    ended = sum(files.get(name, 0) for name in ("done", "skipped", "failed"))
    total = files.get("total")
    if total is not None and (ended > total or (transfer["state"] == "done" and ended != total)):
        yield "files: %d of %d have ended and the state is %s" % (ended, total, transfer["state"])
    if transfer["state"] == "done" and (files["failed"] or transfer.get("failed")):
        yield "state: done, and something failed"


def answer_faults(answer):
    if answer["shown"] > answer["matched"] + answer.get("unknown", 0):
        yield "shown: more than matched and unknown together"


CHECKS = {
    "cp.answer/1": answer_faults,
    "cp.offer/1": offer_faults,
    "cp.transfer/1": transfer_faults,
}


def faults(record):
    """What does not add up in RECORD, which fits its schema: one line each."""
    return list(CHECKS.get(record["schema"], lambda _: [])(record))
