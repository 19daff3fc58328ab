# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# A registry that is served. Sourced after the harness.
#
#   serve NAME [STATE] FLAG…   starts it anonymously at a free port; its URL without the last slash
#                              is in $URL
#   get PATH [CURL FLAG…]      its answer: the body in $STDOUT, the head in $TESTDIR/head and the
#                              status in $STATUS
#   code_path CODE             as it stands in a path
serve() {
  local name=$1
  shift
  start_server "$name" cpid serve --anonymous --listen 127.0.0.1:0 "$@"
  URL=$(wait_line "$name" '"cp\.server/1"' | jq -r '.url | rtrimstr("/")')
}
get() {
  local path=$1
  shift
  # shellcheck disable=SC2034  # the harness shows it
  RAN="GET $path"
  STATUS=$(curl -s --max-time 60 -D "$TESTDIR/head" -o "$STDOUT" -w '%{http_code}' "$@" "$URL$path") || true
}
code_path() { jq -rn --arg code "$1" '$code | @uri'; }
expect_http() {
  local wanted=$1
  shift
  get "$@"
  expect_equal "$wanted" "$STATUS" "status of $1"
}
