// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/process.hpp"
#include "base/text.hpp"

#include <optional>
#include <string>

/// A certificate that vouches for itself, made by openssl(1).
struct Certificate {
  std::string certificate;  ///< files in PEM
  std::string key;
  std::string tls_key;  ///< "sha256:…" of the public key
};

/// One for NAMES ("IP:127.0.0.1") in DIRECTORY; nullopt where openssl(1) is not installed.
inline std::optional<Certificate> make_certificate(const std::string& directory,
                                                   const std::string& name,
                                                   const std::string& names) {
  const std::string base = directory + "/" + name;
  Certificate made{base + ".pem", base + ".key", ""};
  const auto run = [](std::vector<std::string> words, std::string_view input = {}) {
    auto done = cp::capture({.argv = std::move(words)}, input, std::chrono::seconds(60));
    return done && done->exit.status() == 0 ? std::optional(done->output) : std::nullopt;
  };
  if (!run({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
            "-nodes", "-days", "30", "-subj", "/CN=" + name, "-addext", "subjectAltName=" + names,
            "-keyout", made.key, "-out", made.certificate})) {
    return std::nullopt;
  }
  const auto spki = run({"openssl", "pkey", "-in", made.key, "-pubout", "-outform", "DER"});
  const auto digest = spki ? run({"openssl", "dgst", "-sha256", "-r"}, *spki) : std::nullopt;
  if (!digest) {
    return std::nullopt;
  }
  made.tls_key = "sha256:" + digest->substr(0, 64);
  return made;
}
