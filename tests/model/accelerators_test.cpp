// SPDX-License-Identifier: Apache-2.0
#include "model/accelerators.hpp"

#include "base/text.hpp"

#include "catch.hpp"
#include <string>

using cp::model::AcceleratorName;
using cp::model::Truth;

namespace {

std::string canonical(std::string_view text) { return AcceleratorName::recognise(text).text(); }

Truth is(std::string_view there, std::string_view wanted) {
  return AcceleratorName::recognise(there).is(AcceleratorName::recognise(wanted));
}

}  // namespace

TEST_CASE("a name that the table does not have stands for itself alone") {
  CHECK(canonical("  VG1000 ") == "VG1000");
  CHECK_FALSE(AcceleratorName::recognise("VG1000").is_in_table());
  CHECK(AcceleratorName::recognise("VG1000").vendor().empty());
  CHECK(is("VG1000", "vg-1000") == Truth::yes);
  CHECK(is("VG1000", "H100") == Truth::no);
  CHECK(is("H100", "VG1000") == Truth::no);
  CHECK(canonical("") == "");
}

TEST_CASE("each name of the table is recognised as itself") {
  for (const std::string_view name : cp::model::accelerator_names()) {
    CAPTURE(name);
    CHECK(canonical(name) == name);
    CHECK(canonical(cp::text::upper(name)) == name);
    CHECK_FALSE(AcceleratorName::recognise(name).vendor().empty());
  }
}

TEST_CASE("no spelling is ambiguous") {
  // Every line of the data file defines one spelling; a second meaning would be dropped silently.
  const auto define = [&](std::string_view spelling, std::string_view meaning) {
    CAPTURE(spelling, meaning);
    CHECK(canonical(spelling) == meaning);
  };
#define CP_SOURCE(label, where, as_of)
#define CP_MODEL(name, vendor, mib, source) define(name, name);
#define CP_FAMILY(name, members) define(name, name);
#define CP_ALIAS(spelling, name) define(spelling, name);
#include "model/accelerators.inc"
#undef CP_SOURCE
#undef CP_MODEL
#undef CP_FAMILY
#undef CP_ALIAS
}

TEST_CASE("one accelerator has many spellings") {
  for (const std::string_view name :
       {"RTXA6000", "RTX-A6000", "A6000", "NVIDIA RTX A6000", "rtx_a6000"}) {
    CHECK(canonical(name) == "RTX-A6000");
  }
  CHECK(canonical("Tesla-V100") == "V100");
  CHECK(canonical("NVIDIA Tesla T4") == "T4");
  CHECK(canonical("NVIDIA H100 80GB HBM3") == "H100-SXM-80GB");
  CHECK(canonical("RTX-6000-Ada") == canonical("RTX6000Ada"));
  CHECK(canonical("RTX6000") != canonical("RTX6000-Ada"));
}

TEST_CASE("an exact name is no other member of its family") {
  CHECK(is("H100-NVL", "H100-SXM") == Truth::no);
  CHECK(is("H100-SXM", "H100") == Truth::yes);
  CHECK(is("H100", "H100-SXM") == Truth::unknown);
  CHECK(is("H100", "H100") == Truth::yes);
  CHECK(is("A100-80GB", "A100") == Truth::yes);
  CHECK(is("A100-80GB", "A100-PCIe") == Truth::unknown);
  CHECK(is("A100-80GB", "A100-40GB") == Truth::no);
  CHECK(is("H200", "H100") == Truth::no);
}

TEST_CASE("its memory narrows a family") {
  const auto narrowed = [](std::string_view name, std::uint64_t mib) {
    return AcceleratorName::recognise(name).narrowed(mib << 20U).text();
  };
  CHECK(narrowed("A100", 40960) == "A100-40GB");
  CHECK(narrowed("A100", 81920) == "A100-80GB");
  CHECK(narrowed("H100", 95830) == "H100-NVL-94GB");
  CHECK(narrowed("H100", 81559) == "H100-80GB");
  CHECK(narrowed("V100", 16384) == "V100-16GB");
  CHECK(narrowed("H100", 1) == "H100");
  CHECK(narrowed("VG1000", 65536) == "VG1000");
}

TEST_CASE("a family has the memory that its members share, if they do") {
  const auto memory = [](std::string_view name) {
    return AcceleratorName::recognise(name).memory_bytes();
  };
  CHECK(memory("A100-80GB") == 81920ULL << 20U);
  CHECK(memory("A100") == std::nullopt);
  CHECK(memory("MI25") == std::nullopt);
  CHECK(memory("VG1000") == std::nullopt);
}

TEST_CASE("a card cannot have the memory of two") {
  const auto can = [](std::string_view name, std::uint64_t mib) {
    return AcceleratorName::recognise(name).can_have(mib << 20U);
  };
  CHECK(can("A100-80GB", 163840) == Truth::no);
  CHECK(can("A100-80GB", 81920) == Truth::yes);
  CHECK(can("H100", 81559) == Truth::yes);
  CHECK(can("GH200", 98304) == Truth::yes);
  CHECK(can("MI25", 16384) == Truth::unknown);
  CHECK(can("VG1000", 65536) == Truth::unknown);
}

TEST_CASE("a slip of the finger has a near match") {
  CHECK(cp::model::near_accelerator("H10O") == "H100");
  CHECK(cp::model::near_accelerator("completely else") == std::nullopt);
}
