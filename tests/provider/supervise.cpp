// SPDX-License-Identifier: Apache-2.0
#include "provider/local/supervisor.hpp"

int main(int argc, char** argv) {
  return cp::provider::local::supervise_if_asked(argc, argv).value_or(64);
}
