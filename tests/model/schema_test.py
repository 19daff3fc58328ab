#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""schema_test.py: the JSON Schemas are whole, take each example and refuse each invalid one where
it is wrong (schema_examples/README.md). Ends with 77 where jsonschema is missing."""

import base64
import hashlib
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
SOURCE = HERE.parents[1]
FOLDER = SOURCE / "lib/model/schema"
EXAMPLES = HERE / "schema_examples"

sys.dont_write_bytecode = True
sys.path.insert(0, str(SOURCE / "tests/tools"))
try:
    import jsonschema
except ImportError:
    print("skipped: python3-jsonschema is not installed")
    sys.exit(77)
import check_code
import sums
import validate

DOCUMENTS = """accelerator access anchor answer assignment bench bootstrap chain check delegation demand digest entry error explanation
  field head identifier job jobspec key measurement node offer referral resource server source state sync token transfer
  usage""".split()
SCHEMAS = validate.load(FOLDER)
KNOWN = validate.validators(FOLDER, SCHEMAS)


def document_in(path):
    [value] = validate.records(path.read_text("utf-8"))
    return value


def places_of_faults(value, name):
    """Where VALUE does not fit the schema NAME, as dotted paths; "root" is VALUE itself."""
    errors = list(KNOWN[name].iter_errors(value))
    if not errors:
        return {fault.split(": ")[0] for fault in sums.faults(value)}
    return {".".join(str(step) for step in error.absolute_path) or "root" for error in errors}


def schemas_within(value):
    """Every object inside VALUE, itself included."""
    if isinstance(value, dict):
        yield value
    parts = value.values() if isinstance(value, dict) else value
    if isinstance(value, (dict, list)):
        for part in parts:
            yield from schemas_within(part)


def references(schema):
    return [part["$ref"] for part in schemas_within(schema) if "$ref" in part]


class Schemas(unittest.TestCase):
    def test_each_document_of_the_contract_has_one(self):
        wanted = ["cp.%s-1.json" % name for name in DOCUMENTS + ["common"]]
        self.assertEqual(sorted(wanted), sorted(SCHEMAS))

    def test_each_is_valid_2020_12(self):
        for name, schema in SCHEMAS.items():
            with self.subTest(name):
                self.assertEqual("https://json-schema.org/draft/2020-12/schema", schema["$schema"])
                jsonschema.Draft202012Validator.check_schema(schema)

    def test_each_says_which_document_it_is_for(self):
        for name, schema in SCHEMAS.items():
            document = re.sub(r"-(\d+)\.json$", r"/\1", name)
            with self.subTest(name):
                self.assertEqual("urn:cptools:schema:" + document, schema["$id"])
                self.assertTrue(schema["title"].startswith(document + ": "))
                if document != "cp.common/1":
                    self.assertEqual({"const": document}, schema["properties"]["schema"])
                    self.assertIn("schema", schema["required"])

    def test_each_reference_resolves_from_the_files_alone(self):
        # Absolute ones only: a validator that joins URLs cannot join "#/…" to a URN.
        addresses = {schema["$id"]: schema for schema in SCHEMAS.values()}
        for name, schema in SCHEMAS.items():
            for reference in references(schema):
                with self.subTest(name, reference=reference):
                    address, _, pointer = reference.partition("#/")
                    target = addresses[address]
                    for step in pointer.split("/") if pointer else []:
                        target = target[step]
                    self.assertIsInstance(target, dict)

    def test_each_shared_piece_is_used(self):
        used = {reference for schema in SCHEMAS.values() for reference in references(schema)}
        for piece in SCHEMAS["cp.common-1.json"]["$defs"]:
            self.assertIn("urn:cptools:schema:cp.common/1#/$defs/" + piece, used)

    def test_none_forbids_unknown_fields(self):
        for name, schema in SCHEMAS.items():
            for part in schemas_within(schema):
                with self.subTest(name):
                    self.assertNotIn("unevaluatedProperties", part)
                    self.assertIsNot(part.get("additionalProperties"), False)

    def test_each_is_installed(self):
        listed = re.findall(r"\S+\.json", (FOLDER / "CMakeLists.txt").read_text("utf-8"))
        self.assertEqual(sorted(SCHEMAS), sorted(listed))


class Examples(unittest.TestCase):
    valid = sorted(EXAMPLES.glob("*.json"))
    invalid = sorted((EXAMPLES / "invalid").glob("*.json"))

    def test_each_valid_one_fits_its_schema(self):
        for path in self.valid:
            with self.subTest(path.name):
                self.assertEqual([], validate.faults(document_in(path), KNOWN))

    def test_an_unknown_field_is_no_fault(self):
        for path in self.valid:
            with self.subTest(path.name):
                value = {**document_in(path), "x_new": {"a": [1]}}
                self.assertEqual([], validate.faults(value, KNOWN))

    def test_each_document_has_a_full_one_and_one_with_the_least(self):
        names = {path.name for path in self.valid}
        for name in DOCUMENTS:
            self.assertIn("cp.%s-1.json" % name, names)
            self.assertIn("cp.%s-1.least.json" % name, names)

    def test_nothing_can_be_left_out_of_the_least(self):
        for name in DOCUMENTS:
            value = document_in(EXAMPLES / ("cp.%s-1.least.json" % name))
            for field in value:
                with self.subTest(name, without=field):
                    less = {key: part for key, part in value.items() if key != field}
                    self.assertNotEqual(set(), places_of_faults(less, "cp.%s-1.json" % name))

    def test_each_file_holds_what_its_name_says(self):
        for path in self.valid:
            stem = path.name.split(".")[1]
            self.assertEqual("cp." + stem.replace("-", "/"), document_in(path)["schema"], path.name)

    def test_each_invalid_one_is_refused_at_its_place_and_nowhere_else(self):
        for path in self.invalid:
            name, place, _ = path.stem.split("--")
            with self.subTest(path.name):
                self.assertEqual({place}, places_of_faults(document_in(path), name + ".json"))

    def test_each_document_has_two_invalid_ones_at_least(self):
        names = [path.name.split("--")[0] for path in self.invalid]
        for name in DOCUMENTS:
            self.assertGreaterEqual(names.count("cp.%s-1" % name), 2, name)


def canonical(value):
    # RFC 8785 for what the signed examples hold: ASCII names, and no number that needs an exponent.
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def from_base64url(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def to_base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def thumbprint(key):
    members = {name: key[name] for name in ("crv", "kty", "x")}
    return to_base64url(hashlib.sha256(canonical(members)).digest())


def verifies(key, message, signature):
    with tempfile.TemporaryDirectory() as folder:
        names = [pathlib.Path(folder, name) for name in ("key", "message", "signature")]
        header = bytes.fromhex("302a300506032b6570032100")  # RFC 8410
        for name, content in zip(names, (header + from_base64url(key["x"]), message, signature)):
            name.write_bytes(content)
        command = ["openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-rawin",
                   "-inkey", names[0], "-in", names[1], "-sigfile", names[2]]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0


@unittest.skipUnless(shutil.which("openssl"), "openssl is not installed")
class Signatures(unittest.TestCase):
    keys = {thumbprint(key): key for path in EXAMPLES.glob("cp.delegation-1*.json")
            for key in document_in(path)["keys"]}
    signed = [document for document in map(document_in, sorted(EXAMPLES.glob("*.json")))
              if "proof" in document]

    def parts(self, document):
        bare = {name: value for name, value in document.items() if name != "proof"}
        protected, signature = document["proof"]["jws"].split("..")
        message = protected + "." + to_base64url(canonical(bare))
        return json.loads(from_base64url(protected)), message.encode(), from_base64url(signature)

    def test_each_holds_under_a_key_of_the_example_delegations(self):
        self.assertTrue(self.signed)
        for document in self.signed:
            header, message, signature = self.parts(document)
            with self.subTest(document["schema"]):
                typ = document["schema"].split("/")[0].replace(".", "-") + "+jws"
                kid = document["proof"]["key"]
                self.assertEqual({"alg": "EdDSA", "kid": kid, "typ": typ}, header)
                self.assertTrue(verifies(self.keys[kid], message, signature))

    def test_none_holds_for_a_changed_document(self):
        for document in self.signed:
            _, message, signature = self.parts({**document, "seq": document["seq"] + 1})
            self.assertFalse(verifies(self.keys[document["proof"]["key"]], message, signature))


class CheckCharacters(unittest.TestCase):
    def test_the_sample_of_the_standard(self):
        self.assertEqual("3W", check_code.check_characters("ISO79"))

    def test_the_codes_of_the_contract(self):
        for code in ("cp:86.3101.42/7F3K9Q2M-JB", "cp:86.3101.42/C0DE42-1T", "cp:86.1101.7/AAAA22-30"):
            self.assertIsNone(check_code.fault(code))

    def test_every_single_error_and_adjacent_swap_is_caught(self):
        body, check = "86.3101.42/7F3K9Q2M", "JB"
        text = body + check
        wrong = {text[:n] + c + text[n + 1:] for n in range(len(text)) for c in check_code.VALUES}
        wrong |= {text[:n] + text[n + 1] + text[n] + text[n + 2:] for n in range(len(text) - 1)}
        # "." and "I", "/" and "O" have one value: a serial holds neither letter.
        wrong = {other.translate(str.maketrans("IO", "./")) for other in wrong} - {text}
        passed = [other for other in wrong if check_code.check_characters(other[:-2]) == other[-2:]]
        self.assertEqual([], passed)
        self.assertGreater(len(wrong), 700)


if __name__ == "__main__":
    unittest.main()
