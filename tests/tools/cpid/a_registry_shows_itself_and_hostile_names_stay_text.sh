#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
. "$CP_SOURCE/tests/tools/harness.sh"
. "$CP_SOURCE/tests/tools/cpid/machines.sh"
. "$CP_SOURCE/tests/tools/cpid/serving.sh"
need curl python3

# A page loads nothing, runs nothing, and each element that it opens it closes.
cat >page.py <<'PYTHON'
import html.parser, sys
class Page(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.text, self.links = [], [], []
    def handle_starttag(self, tag, attributes):
        assert tag not in ("script", "img", "iframe", "object", "embed", "base", "form", "b"), tag
        for name, value in attributes:
            assert not name.startswith("on") and name not in ("src", "style"), name
            if name == "href":
                assert value.startswith("/"), value
                self.links.append(value)
        if tag not in ("meta", "link"):
            self.open.append(tag)
    def handle_endtag(self, tag):
        assert self.open.pop() == tag, tag
    def handle_data(self, data):
        self.text.append(data)
page = Page()
page.feed(open(sys.argv[1], encoding="utf-8").read())
page.close()
assert not page.open, page.open
print(" ".join(" ".join(page.text).split()))
PYTHON

evil='<script>alert(1)</script>"'\''&{{}} <b onmouseover=x>'$'\u202e'
expect_status 0 cpid init --prefix 86 --name "$evil"
as child cpid init --prefix 86.7 --parent 86 --name "$evil" --registry 'https://evil.example/<b>' >request
expect_status 0 cpid delegate request --label seven --valid-for 30d
record='{"schema":"cp.resource/1","kind":"node","name":"<b>x</b>\u001b[31m\u202e"}'
echo "$record" >record
expect_status 0 cpid register record
code=$(jq -r .id "$STDOUT")
serve here

it "shows a page in HTML where names of others are text"
expect_http 200 /
expect_match '^Content-Type: text/html; charset=utf-8' "$TESTDIR/head"
expect_match "^Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'" "$TESTDIR/head"
expect_match '^X-Content-Type-Options: nosniff' "$TESTDIR/head"
python3 page.py "$STDOUT" >text
expect_match 'Registry of prefix 86 ' text
expect_match '<script>alert\(1\)</script>' text
expect_match 'https://evil.example/<b>' text
expect_match 'records 1 ' text
expect_match '86\.7 ' text
expect_match '1 not followed' text
expect_match 'u[{]202[eE][}]' text
expect_no_match $'\u202e' text

it "says a child's code is known elsewhere, and where"
foreign=$(python3 - "$CP_SOURCE" <<'PYTHON'
import sys
sys.path.insert(0, sys.argv[1] + "/tests/tools")
sys.dont_write_bytecode = True
import check_code
letters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
print(next(code for a in letters for b in letters for code in ["cp:86.7/AAAA-" + a + b] if check_code.fault(code) is None))
PYTHON
)
expect_http 307 "/v1/id/$(code_path "$foreign")"
validate "$STDOUT"
expect_json '.prefix == "86.7"'
expect_match '^Location: https://evil\.example/<b>/v1/id/cp%3A86\.7%2FAAAA-..' "$TESTDIR/head"
expect_http 307 /v1/alias/seven/x%20y
expect_match '^Location: https://evil\.example/<b>/v1/alias/seven/x%20y' "$TESTDIR/head"
expect_http 400 /v1/alias/seven/x%0D%0AEvil:%20x
expect_no_match '^Evil' "$TESTDIR/head"
expect_http 200 /v1/bootstrap
validate "$STDOUT"
expect_json '.delegations | map(.prefix) == ["86", "86.7"]'

it "gives records with hostile names as JSON that nobody takes for a page"
expect_http 200 "/v1/id/$(code_path "$code")"
expect_match '^Content-Type: application/json' "$TESTDIR/head"
expect_match '^X-Content-Type-Options: nosniff' "$TESTDIR/head"

it "counts what it did in OpenMetrics"
expect_http 200 /metrics
expect_match '^Content-Type: application/openmetrics-text; version=1.0.0' "$TESTDIR/head"
expect_equal '# EOF' "$(tail -1 "$STDOUT")"
expect_match '^cp_registry_requests_total\{route="id",status="2xx"\} [1-9]'
expect_match '^cp_registry_records 1$'
expect_match '^cp_registry_children 1$'
expect_match '^cp_registry_child_records\{prefix="86\.7"\} 0$'
expect_no_match 'script'
