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
  /// DOING is for the progress ("moving"), CANNOT for what fails ("cannot move").
  Screen(cp::cli::Context& context, std::string_view doing, std::string_view cannot);

  void progress(const cp::transfer::Progress& now) override;
  void item_failed(const cp::Error& error, std::string_view path) override;
  void lost(const cp::Error& error) override;
  void would_land(std::string_view from, std::string_view to) override;

 private:
  cp::cli::Context& context_;
  cp::cli::Progress progress_;
  std::string_view cannot_;
  std::string lost_;  ///< why, the last time
};

}  // namespace cpxfer
