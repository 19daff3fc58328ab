// SPDX-License-Identifier: Apache-2.0
#include "identity/estate.hpp"

#include "model/json.hpp"

#include <nlohmann/json.hpp>

namespace cp::identity {

using model::Json;

Estate::Estate(store::Database opened, std::string directory, const Clock& time, Random& numbers,
               Passphrase words)
    : database(std::move(opened)),
      state_directory(std::move(directory)),
      clock(time),
      random(numbers),
      passphrase(std::move(words)),
      trust(database),
      judge(trust, clock) {}

Result<std::unique_ptr<Estate>> Estate::open(const std::string& state_directory, const Clock& clock,
                                             Random& random, Passphrase passphrase) {
  CP_TRY_ASSIGN(auto database, open_registry_database(state_directory));
  auto estate = std::make_unique<Estate>(std::move(database), state_directory, clock, random,
                                         std::move(passphrase));
  CP_TRY_ASSIGN(estate->authority, load_authority(estate->database));
  return estate;
}

Result<void> Estate::require_authority() const {
  return authority
             ? Result<void>{}
             : with_hint(fail(Errc::not_found, "there is no authority here"), "run cpid init");
}

Result<PrivateKey> Estate::key_for(std::string_view use) {
  CP_TRY(require_authority());
  return signing_key(database, state_directory, *authority, use, now(), passphrase);
}

Result<Json> Estate::own_delegation() const {
  CP_TRY(require_authority());
  return model::parse_json(authority->delegation, {"the authority's delegation"});
}

Result<void> Estate::set_delegation(const Json& document, bool accepted) {
  authority->delegation = model::to_line(document);
  authority->accepted = accepted;
  return update_authority(database, *authority);
}

}  // namespace cp::identity
