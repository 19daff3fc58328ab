// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "model/json_fwd.hpp"

#include <chrono>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

/// The programs behind exec:NAME. `cp-provider-NAME VERB` reads JSON lines on its standard input,
/// writes JSON lines to its standard output, and ends with 0 when those are whole; else with a
/// status of the suite's own table (DESIGN §10) and a line for people on its standard error.
namespace cp::provider::exec {

/// Whether NAME may stand behind exec: [a-z0-9][a-z0-9_-]*, 64 bytes at most.
bool is_name(std::string_view name);

/// Where programs are looked for.
struct SearchPath {
  std::string libexec;  ///< beside the running program: ../libexec/cptools; "" for none
  std::string data;     ///< $XDG_DATA_HOME/cptools/providers; "" for none
  std::string path;     ///< PATH, of which absolute entries count

  static SearchPath from_environment();
};

/// The program of NAME, the first in the order of SearchPath. usage for what is no name, not_found
/// when there is none, bad_config when it is not ours or root's, or others may write it.
Result<std::string> find_program(std::string_view name, const SearchPath& where);

/// One of the programs.
struct Program {
  std::string name;  ///< "exec:vast", for messages
  std::string path;
  std::chrono::nanoseconds patience;  ///< with one call
};

/// What a program has answered.
struct Answer {
  Answer();
  Answer(Answer&&) noexcept;
  Answer& operator=(Answer&&) noexcept;
  ~Answer();

  std::vector<model::Json> values;  ///< of its lines
  std::size_t useless = 0;          ///< lines that hold no JSON
  std::string problem;              ///< of the first of those
};

/// What PROGRAM answers to VERB and INPUT. As it ends itself, by its status; timed_out after its
/// patience or when STOP is asked (it is killed with its group), bad_data past
/// limits::captured_bytes. A line past limits::document_bytes is useless.
Result<Answer> call(const Program& program, std::string_view verb, std::string_view input,
                    std::stop_token stop);

}  // namespace cp::provider::exec
