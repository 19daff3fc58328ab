#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""validate.py SCHEMA_DIR < RECORDS: whether each JSON value on standard input is a record whose
"schema" (cp.NAME/MAJOR) has a schema cp.NAME-MAJOR.json in SCHEMA_DIR and fits it, identifiers'
check characters and sums included.

Prints one line per fault and ends with 1; an empty stream, a repeated key, NaN, an integer that
binary64 does not hold and bytes that are not UTF-8 are faults too. --schemas checks the schemas
themselves."""

import datetime
import json
import pathlib
import re
import sys
import warnings

import jsonschema

sys.dont_write_bytecode = True  # the source tree stays as it is
import check_code
import sums

warnings.filterwarnings("ignore", category=DeprecationWarning)  # RefResolver, in jsonschema 4.18
formats = jsonschema.FormatChecker()


@formats.checks("date-time", raises=ValueError)
def is_time(value):
    # The schemas' pattern holds the form; here is the calendar, which knows no leap second.
    if isinstance(value, str):
        datetime.datetime.strptime(value[:19].replace(":60", ":59"), "%Y-%m-%dT%H:%M:%S")
    return True


@formats.checks("cp-identifier")
def is_identifier(value):
    return not isinstance(value, str) or check_code.fault(value) is None


def pattern(validator, expression, value, schema):
    # Python's $ also matches before a newline at the end; that of JSON Schema does not.
    if isinstance(value, str) and not re.search(re.sub(r"\$$", r"\\Z", expression), value):
        yield jsonschema.ValidationError("%r does not match %r" % (value, expression))


Validator = jsonschema.validators.extend(jsonschema.Draft202012Validator, {"pattern": pattern})


class Fault(Exception):
    pass


def distinct(pairs):
    seen = dict(pairs)
    if len(seen) != len(pairs):
        names = [name for name, _ in pairs]
        raise Fault("repeated key %r" % next(n for n in names if names.count(n) > 1))
    return seen


def no_constant(name):
    raise Fault("%s is no JSON" % name)


def exact_integer(text):
    if float(text) != int(text):
        raise Fault("%s is not exactly its own binary64 value" % text)
    return int(text)


def records(text):
    decoder = json.JSONDecoder(object_pairs_hook=distinct, parse_constant=no_constant,
                               parse_int=exact_integer)
    position = 0
    while True:
        position = re.compile(r"[ \t\r\n]*").match(text, position).end()
        if position == len(text):
            return
        value, position = decoder.raw_decode(text, position)
        yield value


def load(folder):
    return {path.name: json.loads(path.read_text("utf-8")) for path in sorted(folder.glob("*.json"))}


def validators(folder, schemas):
    # References go by $id or by file name, and never to the network.
    base = folder.resolve().as_uri() + "/"
    store = {base + name: schema for name, schema in schemas.items()}
    store.update({schema["$id"]: schema for schema in schemas.values() if "$id" in schema})
    return {name: Validator(schema, format_checker=formats, resolver=jsonschema.RefResolver(
        schema.get("$id", base + name), schema, store=store, handlers={"urn": no_such_schema}))
        for name, schema in schemas.items()}


def no_such_schema(address):
    raise Fault("no schema has the address %s" % address)


def faults(value, known):
    schema = value.get("schema") if isinstance(value, dict) else None
    match = re.fullmatch(r"(cp\.[a-z]+)/(\d+)", schema) if isinstance(schema, str) else None
    if not match:
        return ["no record: %s" % json.dumps(value)[:200]]
    name = "%s-%s.json" % match.groups()
    if name not in known:
        return ["%s: there is no such schema (%s)" % (schema, name)]
    found = ["%s: %s" % (error.json_path, error.message[:300])
             for error in known[name].iter_errors(value)] or sums.faults(value)
    return ["%s: %s" % (schema, fault) for fault in found]


def main(arguments):
    folder = pathlib.Path(arguments[-1])
    schemas = load(folder)
    if "--schemas" in arguments:
        for name, schema in schemas.items():
            jsonschema.Draft202012Validator.check_schema(schema)
        print("%d schemas are well formed" % len(schemas))
        return 0 if schemas else 1
    known = validators(folder, schemas)
    found, count = [], 0
    try:
        for count, value in enumerate(records(sys.stdin.buffer.read().decode("utf-8")), 1):
            found += ["record %d: %s" % (count, fault) for fault in faults(value, known)]
    except (ValueError, Fault) as error:
        found.append("after record %d: %s" % (count, error))
    if count == 0 and not found:
        found.append("no records at all")
    for line in found[:20]:
        print(line)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
