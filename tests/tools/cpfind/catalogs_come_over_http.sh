#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Catalogs on a server that tells the truth, and on one that does not. Without TLS, on loopback.
. "$CP_SOURCE/tests/tools/harness.sh"
. "$CP_SOURCE/tests/tools/cpfind/finding.sh"

cat >server.py <<'PYTHON'
import http.server, os, time

ROWS = b"InstanceType,Price,Region\nx,1,r\ny,2,r\n"

class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def log_message(self, *args): pass
    def start(self, status, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
    def do_GET(self):
        self.close_connection = True
        try:
            getattr(self, self.path.split("/")[1])()
        except (BrokenPipeError, ConnectionResetError):
            pass
    def good(self):
        self.start(200, Content_Length=len(ROWS)); self.wfile.write(ROWS)
    def group(self):
        group = b"Resources:\n  CE1:\n    Services:\n      CE:\n        Description: x\n"
        self.start(200, Content_Length=len(group)); self.wfile.write(group)
    def more(self):  # says more than it sends
        self.start(200, Content_Length=len(ROWS) + 1000); self.wfile.write(ROWS)
    def fewer(self):  # sends more than it says
        self.start(200, Content_Length=len(ROWS)); self.wfile.write(ROWS + b"z,3,r\n" * 100)
    def trickle(self):
        self.start(200, Content_Length=10 ** 9)
        while True:
            self.wfile.write(b"a"); self.wfile.flush(); time.sleep(0.05)
    def forever(self):
        self.start(200)
        while True:
            self.wfile.write(b"x,1,r\n" * 1000); time.sleep(0.001)
    def silent(self): time.sleep(600)
    def away(self): self.start(302, Location="/good", Content_Length=0)
    def gone(self): self.start(404, Content_Length=0)
    def broken(self): self.start(500, Content_Length=0)

class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 64  # all are asked at once
    daemon_threads = True

server = Server(("127.0.0.1", 0), Handler)
with open("port.part", "w") as file:
    file.write(str(server.server_port))
os.rename("port.part", "port")
server.serve_forever()
PYTHON
need python3
start_server catalogs /usr/bin/python3 server.py
wait_until test -e port
base=http://127.0.0.1:$(cat port)

it "reads a catalog from a server, and calls it by its URL"
expect_status 0 cpfind sources add "$base/good/azure/vms.csv"
validate "$STDOUT"
expect_json '.name == "azure" and .kind == "skypilot" and .offers == 2 and (.url | endswith("/good/azure/vms.csv"))'
expect_status 0 cpfind --where 'source = azure'
expect_equal 'x y' "$(names)"
expect_equal '' "$(find "$XDG_CACHE_HOME/cptools/sources" -mindepth 1)" "nothing is left of the download"

it "brings a source that is named twice once, and takes away what a killed refresh has left"
mkdir "$XDG_CACHE_HOME/cptools/sources/download.killed"
touch "$XDG_CACHE_HOME/cptools/sources/download.killed/0.catalog"
expect_status 0 cpfind sources refresh azure azure
expect_equal 1 "$(jq -rn '[inputs] | length' "$STDOUT")"
expect_equal '' "$(find "$XDG_CACHE_HOME/cptools/sources" -mindepth 1)"

it "leaves nothing of what it brought behind when the cache cannot be opened"
mv "$XDG_CACHE_HOME/cptools/offers.db" kept.db
mkdir "$XDG_CACHE_HOME/cptools/offers.db"
cpfind sources refresh azure >/dev/null 2>&1 && fail "a directory was read as a cache"
rmdir "$XDG_CACHE_HOME/cptools/offers.db"
mv kept.db "$XDG_CACHE_HOME/cptools/offers.db"
expect_equal '' "$(find "$XDG_CACHE_HOME/cptools/sources" -mindepth 1)"

it "is its source's name that provides what a group of the grid has that came from a server"
expect_status 0 cpfind sources add "$base/group/SOL.yaml"
expect_json '.kind == "osg" and .offers == 1'
expect_status 0 cpfind --where 'source = SOL'
expect_json '.provider == "SOL"'
expect_status 0 cpfind sources remove SOL

it "takes nothing of what is cut off, endless, late or elsewhere, and waits no longer than allowed"
begin=$(date +%s)
for what in more trickle forever silent away gone broken; do
  cpfind sources add "$base/$what/vms.csv" --name $what --deadline 1s >/dev/null 2>&1 &&
    fail "$what was taken"
done
[ $(($(date +%s) - begin)) -lt 60 ] || fail "it took too long"
expect_status 0 cpfind sources list
validate "$STDOUT"
expect_json '[$all[] | select(.status != "missing") | .name] == ["azure"]'

it "takes of a longer answer what was announced"
expect_status 0 cpfind sources add "$base/fewer/vms.csv" --name fewer
expect_json '.offers == 2'

it "refreshes all of them at once, and keeps what it knows of those that fail"
begin=$(date +%s)
expect_status 76 cpfind sources refresh
[ $(($(date +%s) - begin)) -lt 15 ] || fail "it took too long"
expect_equal 9 "$(jq -rn '[inputs | select(.schema == "cp.source/1")] | length' "$STDOUT")"
expect_equal 'azure fewer' "$(jq -rn '[inputs | select(.schema == "cp.source/1" and .status == "answered") | .name] | join(" ")' "$STDOUT")"
stop_server catalogs
expect_status 69 cpfind sources refresh azure
expect_status 0 cpfind --where 'source = azure'
validate "$STDOUT"
expect_equal 'x y' "$(names)"
expect_json '$all[-1].completeness | .asked == 9 and .answered == 2 and .missing == 7'
