// SPDX-License-Identifier: Apache-2.0
#include "transfer/scratch.hpp"

#include "base/file.hpp"

#include "catch.hpp"
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <unistd.h>

namespace cp::transfer {

Scratch::Scratch() {
  std::string name = std::filesystem::temp_directory_path() / "cptools-transfer.XXXXXX";
  REQUIRE(::mkdtemp(name.data()) != nullptr);
  path_ = name;
}

Scratch::~Scratch() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string Scratch::make_directory(std::string_view name) const {
  std::filesystem::create_directories(at(name));
  return at(name);
}

void Scratch::write(std::string_view name, std::string_view bytes) const {
  std::filesystem::create_directories(parent_of(at(name)));
  std::ofstream(at(name), std::ios::binary) << bytes;
}

std::string Scratch::read(std::string_view name) const {
  std::ifstream file(at(name), std::ios::binary);
  REQUIRE(file.is_open());
  std::ostringstream bytes;
  bytes << file.rdbuf();
  return bytes.str();
}

bool Scratch::has(std::string_view name) const { return ::access(at(name).c_str(), F_OK) == 0; }

}  // namespace cp::transfer
