#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""accelerators.py TABLE: reads lib/model/table/accelerators.toml a second time, by Python's own TOML,
and holds what `cpfind gpus` prints (standard input) against it: names, aliases, families, and every
figure with its source, address and date. Ends with 77 where Python has no tomllib."""

import json
import sys

try:
    import tomllib
except ImportError:
    print("skipped: this python3 has no tomllib")
    sys.exit(77)

UNITS = {"year": 1, "memory_gib": 2**30, "bandwidth_gb_s": 1e9, "link_gb_s": 8e9}


def evidence(source):
    out = {"source": source["title"], "source_url": source["address"],
           "as_of": source["as_of"].isoformat() + "T00:00:00Z"}
    if "via" in source:
        out["source_via"] = source["via"]
    return out


def wanted(model, sources, families):
    """The figures of MODEL as {key: (value, evidence)}."""
    figures = {}
    rates = {key: (value, 1e12) for key, value in model.get("tflops", {}).items()}
    rates |= {key: (model[key], unit) for key, unit in UNITS.items() if key in model}
    for key, (value, unit) in rates.items():
        source = model.get("from", {}).get(key, model["source"])
        figures[key] = (round(value * unit), evidence(sources[source]))
    own = sorted((f for f in families if model["name"] in f["members"]),
                 key=lambda f: -len(f["members"]))
    return {"figures": figures, "aliases": model.get("aliases", []),
            "families": [f["name"] for f in own], "vendor": model["vendor"],
            "form_factor": model["form"], "note": model.get("note"), "link": model.get("link")}


def evidence_in(part):
    return {key: part[key] for key in ("source", "source_url", "source_via", "as_of") if key in part}


def found(record):
    """What a cp.accelerator says, in the same shape."""
    figures = {}
    if "year" in record:
        figures["year"] = (record["year"], evidence_in(record["year_source"]))
    if "memory_bytes" in record:
        figures["memory_gib"] = (record["memory_bytes"], evidence_in(record))
    link = record.get("interconnect", {})
    if "rate_bps" in link:
        figures["link_gb_s"] = (link["rate_bps"], evidence_in(link))
    for one in record.get("performance", []):
        assert one["basis"] == "nominal" and one["per"] == "accelerator", one
        key = "bandwidth_gb_s"
        if one["what"] == "flops":
            assert one["sparse"] is False, one
            key = one["format"] + ("_matrix" if one.get("engine") == "matrix" else "")
        figures[key] = (one["value"], evidence_in(one))
    return {"figures": figures, "aliases": record["aliases"], "families": record.get("families", []),
            "vendor": record["vendor"], "form_factor": record["form_factor"],
            "note": record.get("note"), "link": link.get("type")}


def main():
    with open(sys.argv[1], "rb") as file:
        table = tomllib.load(file)
    sources = {source["id"]: source for source in table["source"]}
    records = {r["model"]: r for r in map(json.loads, sys.stdin)}
    names = [model["name"] for model in table["model"]]
    assert list(records) == names, "other models, or in another order"
    figures = 0
    for model in table["model"]:
        mine = wanted(model, sources, table["family"])
        theirs = found(records[model["name"]])
        assert mine == theirs, "%s:\n%s\n%s" % (model["name"], mine, theirs)
        figures += len(mine["figures"])
    print("%d models, %d families, %d figures, %d sources" %
          (len(names), len(table["family"]), figures, len(sources)))


main()
