// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/progress.hpp"
#include "transfer/transfer.hpp"

#include <string>
#include <string_view>

namespace cp::cli {
class Context;
}

namespace cpxfer {

/// Draws the progress, and names what fails when it fails.
class Screen final : public cp::transfer::Observer {
 public:
  /// DOING is for the progress ("moving"), CANNOT for what fails ("cannot move"). Without
  /// HAS_OUTPUT standard output is somebody else's.
  Screen(cp::cli::Context& context, std::string_view doing, std::string_view cannot,
         bool has_output = true);

  void progress(const cp::transfer::Progress& now) override;
  void item_failed(const cp::Error& error, std::string_view path) override;
  void lost(const cp::Error& error) override;
  void rail_lost(std::string_view rail, const cp::Error& error) override;
  void goes_without(std::string_view why) override;
  void would_land(std::string_view from, std::string_view to) override;
  void would_delete(std::string_view path) override;

 private:
  cp::cli::Context& context_;
  cp::cli::Progress progress_;
  std::string_view cannot_;
  bool has_output_;
  std::string lost_;  ///< why, the last time
};

}  // namespace cpxfer
