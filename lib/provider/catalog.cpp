// SPDX-License-Identifier: Apache-2.0
#include "provider/catalog.hpp"

#include <nlohmann/json.hpp>

namespace cp::provider {

Picture::Picture() = default;
Picture::Picture(Picture&&) noexcept = default;
Picture& Picture::operator=(Picture&&) noexcept = default;
Picture::~Picture() = default;

Result<Picture> Catalog::perceive(std::stop_token stop) {
  Picture picture;
  CP_TRY_ASSIGN(picture.records, describe(stop));
  for (const model::Json& record : picture.records) {
    auto state = this->state(record, stop);
    if (!state) {
      picture.problem = state.error().message;
    }
    picture.states.push_back(state ? *std::move(state) : model::Json());
  }
  return picture;
}

}  // namespace cp::provider
