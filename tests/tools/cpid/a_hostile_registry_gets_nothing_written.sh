#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
. "$CP_SOURCE/tests/tools/harness.sh"
. "$CP_SOURCE/tests/tools/cpid/machines.sh"
. "$CP_SOURCE/tests/tools/cpid/serving.sh"
need curl sqlite3
# It answers GET /HOW/v1/… with what HOW says; PART of it (bootstrap, id, feed) alone, in /HOW-PART/.
cat >hostile.py <<'PY'
import gzip, http.server, socketserver, sys, threading, time

FILES = {name: open(name, "rb").read() for name in ("bootstrap", "id", "feed")}
HANGS, OTHERS_ARE_DONE = threading.Event(), threading.Event()

class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def say(self, status, body, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        _, how, _, part = self.path.split("/", 3)
        part = part.split("?")[0].split("/")[0]
        how, _, only = how.partition("-")
        good = FILES.get(part, b"{}")
        if only and only != part:
            return self.say(200, good, Content_Type="application/json")
        if how == "elsewhere":
            self.say(302, b"", Location="http://169.254.169.254/latest")
        elif how == "beside":
            self.say(301, b"", Location="/good/" + self.path.split("/", 2)[2])
        elif how == "html":
            self.say(200, b"<html>log in first</html>", Content_Type="text/html")
        elif how == "array":
            self.say(200, b"[" + good + b"]", Content_Type="application/json")
        elif how == "cut":
            self.send_response(200)
            self.send_header("Content-Length", str(len(good)))
            self.end_headers()
            self.wfile.write(good[:-20])
        elif how == "bomb":
            self.say(200, gzip.compress(b"[" * 100_000_000, 1), Content_Encoding="gzip",
                     Content_Type="application/json")
        elif how == "zip":
            self.say(200, gzip.compress(good), Content_Encoding="gzip")
        elif how == "long":
            self.send_response(200)
            self.end_headers()
            for _ in range(4000):
                self.wfile.write(b'{"a":"' + b"x" * 60_000 + b'"}')
        elif how == "deep":
            self.say(200, b'{"a":' * 100_000, Content_Type="application/json")
        elif how == "bytes":
            self.say(200, b'{"\xff":1}\n' + good, Content_Type="application/json")
        elif how == "slow":
            self.send_response(200)
            self.end_headers()
            for byte in good:
                self.wfile.write(bytes([byte]))
                self.wfile.flush()
                time.sleep(0.05)
        elif how == "hang":
            HANGS.set()
            OTHERS_ARE_DONE.wait(60)
            self.say(200, good, Content_Type="application/json")
        elif how == "late":  # until the other one hangs
            HANGS.wait(60)
            self.say(200, good, Content_Type="application/json")
            if part == "feed":
                OTHERS_ARE_DONE.set()
        elif how == "headers":
            self.send_response(200)
            for number in range(5000):
                self.send_header("X-%d" % number, "x" * 100)
            self.end_headers()
        else:
            self.say(200, good, Content_Type="application/json")

class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    def handle_error(self, *_):
        pass

server = Server(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
PY
as nation cpid init --prefix 86 --name Nation >root.json
code=$(as nation cpid register <<<'{"schema":"cp.resource/1","kind":"node","nodes":1}' | jq -r .id)
as nation cpid head >head.json
CP_STATE_DIR=$TESTDIR/nation serve live
curl -sf "$URL/v1/bootstrap" -o bootstrap
curl -sf "$URL/v1/feed?since=0" -o feed
curl -sf "$URL/v1/id/$(code_path "$code")" -o id
stop_server live
start_server hostile /usr/bin/python3 hostile.py
port=$(wait_line hostile '^[0-9]+$')

# What a machine knows afterwards, that had pinned the root and asked nobody before.
knows() {
  sqlite3 "$TESTDIR/reader/identity.db" 'SELECT kind, subject, seq FROM kept'
  [ ! -e "$TESTDIR/reader/resolver.db" ] || sqlite3 "$TESTDIR/reader/resolver.db" 'SELECT name FROM answer'
}
reader() {
  rm -rf "$TESTDIR/reader"
  as reader cpid trust add --prefix 86 root.json >anchor
}

it "would have answered, were it not hostile"
reader
expect_status 0 as reader cpid resolve --registry "http://127.0.0.1:$port/good/" "$code"
reader
expect_status 0 as reader cpid sync "http://127.0.0.1:$port/good/"

it "holds nobody else up when it hangs within its feed"
reader
expect_status 0 as reader cpid sync "http://127.0.0.1:$port/hang-feed/" "http://127.0.0.1:$port/late/"
expect_json '[$all[].status] == ["complete", "complete"] and all($all[]; .records == 1)'

it "is refused with the reason, and leaves nothing behind"
while read -r how status reason; do
  reader
  before=$(knows)
  expect_status "$status" as reader cpid resolve --timeout 2s --registry "http://127.0.0.1:$port/$how/" "$code"
  expect_match "$reason" "$STDERR"
  expect_json '[$all[].schema] == ["cp.error/1"]'
  [ "${how#*-}" = id ] || expect_equal "$before" "$(knows)" "$how"
  expect_status 66 as reader cpid resolve --offline "$code"
done <<'CASES'
elsewhere 76 it redirects to http://169.254.169.254/latest, and nobody follows \(302\)
elsewhere-id 76 it redirects to http://169.254.169.254/latest, and nobody follows
beside 76 it redirects to /good/v1/bootstrap, and nobody follows \(301\)
html 76 its answer is text/html, no JSON object
html-id 76 its answer is text/html, no JSON object
array 76 its answer is no JSON object
cut 76 closed with 20 bytes remaining
cut-id 76 closed with 20 bytes remaining
bomb 76 its answer is encoded as gzip, which nobody asked for
bomb-id 76 its answer is encoded as gzip, which nobody asked for
zip 76 its answer is encoded as gzip, which nobody asked for
long 76 more than
long-id 76 more than
deep 76 its answer is no JSON object
bytes 76 its answer is no JSON object
bytes-id 76 its answer is no JSON object
slow 75 .
slow-id 75 .
headers 76 .
CASES

it "is told by sync for what it is, and no record of it is kept"
while read -r how reason; do
  reader
  expect_status 1 as reader cpid sync --timeout 2s "http://127.0.0.1:$port/$how/"
  expect_json '.status != "complete" and .records == 0 and (.problem | test("'"$reason"'"))'
  expect_status 66 as reader cpid resolve --offline "$code"
done <<'CASES'
elsewhere redirects to http://169.254.169.254
elsewhere-feed redirects to http://169.254.169.254
html text/html
html-feed .
bomb gzip
zip-feed .
long more than
long-feed .
headers .
bytes no JSON object
bytes-feed malformed JSON.*ill-formed UTF-8 byte; last read:
CASES
