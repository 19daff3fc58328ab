# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
. "$CP_SOURCE/tests/tools/harness.sh"

# The shared objects that a command maps while it runs.
loaded() { LD_DEBUG=files "$@" 2>&1 >/dev/null </dev/null | grep -oE 'calling init: [^ ]+' | sed 's|.*/||'; }

for tool in cpid cpfind cpprobe cpxfer cprun; do
  it "$tool --version loads no fabric, no HTTP client and no topology library"
  loaded "$tool" --version >objects
  expect_match '^libc\.so' objects
  expect_no_match 'libfabric|libpsm|libibverbs|librdmacm|libcurl|libgnutls|libhwloc|libmicrohttpd' objects
done
it "cpxfer copies on one machine without a fabric"
mkdir from
echo hello >from/a
loaded cpxfer from/ to >objects
expect_match '^libc\.so' objects
expect_equal hello "$(cat to/a)"
expect_no_match 'libfabric|libpsm|libcurl' objects
