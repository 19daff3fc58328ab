// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/context.hpp"
#include "identity/key.hpp"

#include <string>

namespace cpid {

/// Where the passphrases of key files come from: the file of --passphrase-file, else the terminal,
/// never the command line.
cp::identity::Passphrase passphrases(cp::cli::Context& context);

/// The passphrase for new key files: that of --passphrase-file, or what --encrypt asks for twice at
/// the terminal; "" when nobody wants one. bad_config for an empty file; usage when there is no
/// terminal to ask at, or both answers differ.
cp::Result<std::string> new_passphrase(cp::cli::Context& context);

}  // namespace cpid
