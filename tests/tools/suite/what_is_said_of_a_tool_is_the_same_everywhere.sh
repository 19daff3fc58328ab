# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
. "$CP_SOURCE/tests/tools/harness.sh"

for tool in cpid cpfind cpprobe cpxfer cprun; do
  it "$tool says its version, its commands and what it does not know"
  expect_status 0 "$tool" --version
  expect_match "^$tool \(cptools\) [0-9]+\.[0-9]+\.[0-9]+\$"
  for nowhere in '>/dev/full' '>&-'; do
    expect_status 74 bash -c "$tool --version $nowhere"
  done
  expect_status 0 "$tool" --help
  expect_match "^  $tool [a-z]+ +[a-z]"
  expect_status 64 "$tool" --no-such-flag
  expect_match "^$tool: there is no flag --no-such-flag" "$STDERR"
  expect_equal "" "$(cat "$STDOUT")"
  for command in $("$tool" --help | awk -v tool="$tool" '/^  / && $1 == tool {print $2}'); do
    expect_status 0 "$tool" "$command" --help
    expect_match "^$tool"
    # The status of cprun run is the job's: all its own errors are 125.
    wrong=64
    if [ "$tool $command" = "cprun run" ]; then wrong=125; fi
    expect_status $wrong "$tool" "$command" --no-such-flag
    expect_status 0 "$tool" "$command" --print-config
    expect_match '^state_dir = ".*/state"  # CP_STATE_DIR$'
  done
done
