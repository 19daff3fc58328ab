// SPDX-License-Identifier: Apache-2.0
#include "provider/exec/catalog.hpp"

#include "model/document.hpp"
#include "model/json.hpp"
#include "provider/exec/program.hpp"

#include <nlohmann/json.hpp>

#include <span>
#include <utility>

namespace cp::provider::exec {
namespace {

using model::Json;

class ExecCatalog final : public Catalog {
 public:
  ExecCatalog(Program program, const Clock& clock) : program_(std::move(program)), clock_(clock) {}

  Result<std::vector<Json>> describe(std::stop_token stop) override {
    CP_TRY_ASSIGN(Answer answer, list(std::move(stop)));
    if (answer.values.empty()) {
      return fail(Errc::not_found, "{} has nothing", program_.name);
    }
    return std::move(answer.values);
  }

  Result<Json> state(const Json& record, std::stop_token stop) override {
    CP_TRY_ASSIGN(std::vector<Json> states, ask({&record, 1}, std::move(stop)));
    if (states.front().is_null()) {
      return fail(Errc::not_found, "{} does not know how it is", program_.name);
    }
    return std::move(states.front());
  }

  /// A market may have no offers at the moment: that is an answer, too.
  Result<Picture> perceive(std::stop_token stop) override {
    Picture picture;
    CP_TRY_ASSIGN(Answer answer, list(stop));
    picture.records = std::move(answer.values);
    if (answer.useless > 0) {
      picture.problem = fmt::format("{} of its lines are no cp.resource, the first: {}",
                                    answer.useless, answer.problem);
    }
    if (picture.records.empty()) {
      return picture;
    }
    auto states = ask(picture.records, std::move(stop));
    if (states) {
      picture.states = *std::move(states);
    } else {
      picture.states.resize(picture.records.size());
      picture.problem += (picture.problem.empty() ? "" : "; ") + states.error().message;
    }
    return picture;
  }

 private:
  // Its records, without the lines that are none; protocol when no line is one.
  Result<Answer> list(std::stop_token stop) const {
    CP_TRY_ASSIGN(Answer answer, call(program_, "catalog", {}, std::move(stop)));
    std::erase_if(answer.values, [&](Json& record) {
      const bool is_record =
          record.is_object() && model::require(record, "cp.resource").has_value();
      if (!is_record && ++answer.useless == 1) {
        answer.problem = "a line of another kind";
      }
      return !is_record;
    });
    if (answer.values.empty() && answer.useless > 0) {
      return fail(Errc::protocol, "{}: not one of its {} lines is a cp.resource: {}", program_.name,
                  answer.useless, answer.problem);
    }
    for (Json& record : answer.values) {
      for (const char* member : {"id", "seq", "issued", "valid_until", "proof", "alias"}) {
        record.erase(member);
      }
    }
    return answer;
  }

  Result<std::vector<Json>> ask(std::span<const Json> records, std::stop_token stop) const {
    std::string input;
    for (const Json& record : records) {
      input += model::to_line(record);
      input += '\n';
    }
    CP_TRY_ASSIGN(Answer answer, call(program_, "state", input, std::move(stop)));
    std::vector<Json>& states = answer.values;
    if (answer.useless > 0 || states.size() != records.size()) {
      return fail(Errc::protocol, "{}: {} states for {} resources", program_.name, states.size(),
                  records.size());
    }
    for (Json& state : states) {
      if (state.is_null()) {
        continue;
      }
      if (!state.is_object() || !model::require(state, "cp.state")) {
        return fail(Errc::protocol, "{}: a state is no cp.state", program_.name);
      }
      state.erase("id");
      state.erase("proof");
      state["seq"] = unix_milliseconds(clock_.now());
    }
    return std::move(states);
  }

  Program program_;
  const Clock& clock_;
};

}  // namespace

Result<std::unique_ptr<Catalog>> make_catalog(const ProviderUrl& url,
                                              const CatalogSettings& settings) {
  CP_TRY_ASSIGN(std::string path, find_program(url.rest, SearchPath::from_environment()));
  return std::make_unique<ExecCatalog>(Program{url.to_string(), std::move(path), settings.patience},
                                       *settings.clock);
}

}  // namespace cp::provider::exec
