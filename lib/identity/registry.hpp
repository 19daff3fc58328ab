// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/random.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "identity/foreign_code.hpp"
#include "identity/identifier.hpp"
#include "identity/key.hpp"
#include "identity/resolves.hpp"
#include "model/json_fwd.hpp"
#include "store/database.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cp::identity {

struct Founding;  // identity/authority.hpp

/// The registry of this machine and its private authority: a hash-chained ledger of what was
/// allocated, the records that were registered, and the trust anchors, in identity.db of the state
/// directory, beside the authority's key files. Several processes may use one at once. One object
/// is for one thread.
class Registry final : public Resolves {
 public:
  /// Makes an authority as FOUNDING says (identity/authority.hpp). cannot_create when there is one
  /// here already.
  static Result<Registry> found(const std::string& state_directory, const Founding& founding,
                                const Clock& clock, Random& random);
  /// Makes the root authority of PREFIX ("0" is the private one) with a new key and pins the key as
  /// the prefix's anchor; NAME is what people call it. cannot_create when the prefix has its
  /// authority here already.
  static Result<Registry> init(const std::string& state_directory, std::string_view prefix,
                               std::string_view name, const Clock& clock, Random& random);

  /// Opens what `init` has made, also where nothing can be written; not_found, with the hint to run
  /// `cpid init`, when there is none.
  static Result<Registry> open(const std::string& state_directory, const Clock& clock);

  Registry(Registry&&) noexcept;
  Registry& operator=(Registry&&) noexcept;
  ~Registry() override;

  /// Where the passphrases of encrypted key files come from, for `register_resource`.
  void set_passphrase(Passphrase passphrase);

  /// The authority's prefix, its first key's RFC 7638 thumbprint, and its cp.delegation/1.
  const std::string& prefix() const;
  const std::string& thumbprint() const;
  const model::Json& delegation() const;

  /// Called with codes that are durable in the ledger; an error ends the minting.
  using Minted = std::function<Result<void>(std::span<const std::string> codes)>;
  enum class Serials : std::uint8_t {
    random,  ///< nobody can guess one from another
    next,    ///< one after the other, for whoever wants short ones in order
  };
  /// Allocates COUNT identifiers with SERIALS of LENGTH characters, batch by batch, each in
  /// one transaction: what MINTED gets is durable, and never given out again. denied while the
  /// authority was not given its prefix; usage and failed as RegistryStore::check_room.
  Result<void> mint(std::uint64_t count, std::size_t length, Random& random, const Minted& minted,
                    Serials serials = Serials::random);

  /// Signs RECORD (cp.resource/1) and keeps it; a proof in it counts for nothing. One without an id
  /// gets a new one. The next sequence
  /// number is given here; a record that names one ("seq") must have been made from the newest,
  /// else denied. Also denied: an identifier that was not allocated here, a new alias that names
  /// another resource or is of another's label. bad_data when it is no valid record. Gives the
  /// record as it stands now.
  Result<model::Json> register_resource(model::Json record, Random& random);

  /// An alias of a label that is another authority's is not found.
  Result<Resolved> resolve(std::string_view name) const override;
  /// As `resolve`, but gives the record of a resource that has ended. NAME may also be a foreign
  /// code, "SCHEME:ID", as in also_known_as; denied when two resources claim it.
  Result<Resolved> find(std::string_view name) const;

  /// Whether ID was allocated here.
  Result<bool> is_allocated(const Identifier& id) const;

  /// Every resource that has not ended in the order of its code, verified as `resolve` does; an
  /// error from EACH ends it.
  Result<void> for_each(const std::function<Result<void>(const Resolved&)>& each) const;

  /// Every allocated code in ledger order, registered or not.
  Result<void> for_each_code(const std::function<Result<void>(std::string_view code)>& each) const;

  /// The aliases that begin with BEGINNING, for completion; nothing is verified.
  Result<std::vector<std::string>> aliases(std::string_view beginning) const;

  /// Recomputes the ledger's hash chain from its first entry and compares it with what is stored
  /// and with the identifiers and records; bad_data says where they part.
  struct Audit {
    std::int64_t entries = 0;
    std::int64_t codes = 0;
    std::string hash;  ///< "sha256:…" of the last entry
  };
  Result<Audit> audit() const;

 private:
  struct State;
  explicit Registry(std::unique_ptr<State> state);
  Result<Resolved> resolve_code(std::string_view code) const;
  Result<Resolved> resolve_alias(std::string_view alias) const;
  Result<Resolved> resolve_foreign(const ForeignCode& code) const;
  Result<Resolved> follow(Resolved resolved) const;

  std::unique_ptr<State> state_;
};

}  // namespace cp::identity
