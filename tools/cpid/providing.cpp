// SPDX-License-Identifier: Apache-2.0
#include "providing.hpp"

#include "cli/terminal.hpp"

namespace cpid {

cp::Result<cp::provider::CatalogSettings> catalog_settings(const cp::cli::Context& context,
                                                           std::string workdir) {
  const auto& arguments = context.arguments();
  cp::provider::CatalogSettings settings{.clock = &context.clock(), .workdir = std::move(workdir)};
  CP_TRY_ASSIGN(settings.ssh.command,
                cp::net::parse_ssh_command(arguments.text("ssh").value_or("ssh")));
  settings.ssh.may_prompt = cp::cli::has_controlling_terminal();
  settings.patience = *arguments.duration("timeout");
  return settings;
}

}  // namespace cpid
