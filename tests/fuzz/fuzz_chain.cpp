// SPDX-License-Identifier: Apache-2.0
// Documents under a chain of delegations that is known and whose root is pinned: whatever is made
// of them, none is verified but those that were signed.
#include "../fixed_clock.hpp"
#include "../temporary_directory.hpp"
#include "base/file.hpp"
#include "fuzz.hpp"
#include "identity/canonical.hpp"
#include "identity/judge.hpp"
#include "identity/registry_store.hpp"
#include "model/json.hpp"
#include "source_tree.hpp"

#include <nlohmann/json.hpp>

#include <filesystem>
#include <set>
#include <string>

using namespace cp::identity;
using cp::model::Json;

namespace {

constexpr const char* kExamples = "tests/model/schema_examples";

Json example(const std::string& name) {
  const std::string path = in_source_tree(std::string(kExamples) + "/" + name + ".json");
  return cp::model::parse_json(cp::read_file(path, 1U << 20U).value()).value();
}

// The examples' chain, verified once and remembered; what was signed, in canonical form: that of
// all examples, since the mutations begin with any of them.
struct World {
  TemporaryDirectory directory;
  FixedClock clock{"2026-11-22T08:30:10Z"};
  cp::store::Database database = open_registry_database(directory.path()).value();
  TrustStore trust{database};
  Judge judge{trust, clock};
  std::set<std::string> signed_forms;

  World() {
    const Json root = example("cp.delegation-1.root");
    must(trust.pin("86", PublicKey::from_jwk(root["keys"][0]).value(), clock.now()).value(),
         "the root is pinned");
    for (const char* name :
         {"cp.delegation-1.root", "cp.delegation-1", "cp.delegation-1.enterprise", "cp.head-1",
          "cp.resource-1", "cp.state-1"}) {
      must(judge.accept(example(name))->holds(), name);
    }
    for (const auto& file : std::filesystem::directory_iterator(in_source_tree(kExamples))) {
      if (file.path().extension() == ".json") {
        const Json document = example(file.path().stem());
        signed_forms.insert(canonical_without(document, "proof").value());
      }
    }
  }
};

World& world() {
  static World one;
  return one;
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto document = cp::model::parse_json(text_of(data, size));
  if (!document) {
    return 0;
  }
  (void)read_delegation(*document);
  const auto verdict = world().judge.examine(*document);
  must(verdict.has_value(), "the store works");
  if (verdict->holds()) {
    const auto form = canonical_without(*document, "proof");
    must(form && world().signed_forms.contains(*form), "only what was signed is verified");
  }
  return 0;
}
