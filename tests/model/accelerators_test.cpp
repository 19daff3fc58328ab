// SPDX-License-Identifier: Apache-2.0
#include "model/accelerators.hpp"

#include "base/text.hpp"
#include "model/accelerator_spelling.hpp"

#include "catch.hpp"
#include <map>
#include <set>
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

TEST_CASE("each alias means what it stands at") {
  for (const cp::model::Accelerator& accelerator : cp::model::accelerators()) {
    for (const std::string_view alias : accelerator.aliases) {
      CAPTURE(alias);
      CHECK(canonical(alias) == accelerator.name);
    }
  }
}

TEST_CASE("no spelling is ambiguous, whoever made it") {
  std::map<std::string, std::string_view> meanings;
  const auto define = [&](std::string_view spelling, std::string_view meaning) {
    CAPTURE(spelling, meaning);
    CHECK(meanings.emplace(cp::model::spell(spelling).folded, meaning).second);
  };
  for (const std::string_view name : cp::model::accelerator_names()) {
    define(name, name);
  }
  for (const cp::model::Accelerator& accelerator : cp::model::accelerators()) {
    for (const std::string_view alias : accelerator.aliases) {
      define(alias, accelerator.name);
    }
  }
}

TEST_CASE("each figure has a source, an address and a date") {
  for (const cp::model::Accelerator& accelerator : cp::model::accelerators()) {
    CAPTURE(accelerator.name);
    for (const cp::model::AcceleratorFigure& figure : accelerator.figures) {
      CAPTURE(figure.what, figure.format);
      CHECK(figure.value > 0);
      CHECK_FALSE(figure.source->title.empty());
      CHECK(figure.source->address.substr(0, 4) == "http");
      CHECK(figure.source->as_of.size() == 10);
      CHECK(figure.source->as_of > "2010-01-01");
    }
    const auto* memory = accelerator.figure("memory_bytes");
    CHECK((memory != nullptr) == accelerator.memory_bytes.has_value());
    CHECK((memory == nullptr || memory->value == accelerator.memory_bytes));
  }
}

TEST_CASE("sixty models have figures, and every vendor has a name") {
  std::set<std::string_view> vendors;
  int with_figures = 0;
  for (const cp::model::Accelerator& accelerator : cp::model::accelerators()) {
    vendors.insert(accelerator.vendor);
    with_figures += accelerator.figures.empty() ? 0 : 1;
  }
  CHECK(with_figures >= 60);
  CHECK(vendors.size() == 13);
}

TEST_CASE("dense figures are no sparse ones, and TF32 is not FP32") {
  // Each halving of the format doubles the rate of matrix units, on NVIDIA's exactly: a figure that
  // was taken over with sparsity, or from the wrong row, breaks the row.
  const auto rate = [](const cp::model::Accelerator& one, std::string_view format) {
    const auto* figure = one.figure("flops", format);
    return figure == nullptr ? 0.0 : static_cast<double>(figure->value);
  };
  for (const cp::model::Accelerator& one : cp::model::accelerators()) {
    CAPTURE(one.name);
    CHECK((rate(one, "tf32") == 0 || rate(one, "fp32") <= rate(one, "tf32")));
    CHECK((rate(one, "fp64") == 0 || rate(one, "fp32") == 0 ||
           rate(one, "fp64") <= rate(one, "fp32")));
    const bool has_both_halves = rate(one, "fp16") > 0 && rate(one, "bf16") > 0;
    CHECK((!has_both_halves || one.name == "MI100" || rate(one, "fp16") == rate(one, "bf16")));
    if (one.vendor != "nvidia") {
      continue;
    }
    const auto doubles = [&](std::string_view wide, std::string_view narrow) {
      const double ratio = rate(one, wide) == 0 ? 0 : rate(one, narrow) / rate(one, wide);
      return ratio == 0 || (ratio > 1.95 && ratio < 2.05);
    };
    CHECK(doubles("tf32", "bf16"));
    CHECK(doubles("bf16", "fp8"));
    CHECK(doubles("bf16", "int8"));
    CHECK(doubles("int8", "int4"));
  }
}

TEST_CASE("a name with the brand of another vendor is none of the table") {
  CHECK(canonical("NVIDIA H100") == "H100");
  CHECK_FALSE(AcceleratorName::recognise("AMD H100").is_in_table());
  CHECK_FALSE(AcceleratorName::recognise("NVIDIA AMD MI300X").is_in_table());
  CHECK(canonical("昇腾910B3") == "Ascend-910B3");
  CHECK(canonical("曦云® C550") == "C550");
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
  CHECK(narrowed("H100", 95830) == "H100-94GB");
  CHECK(narrowed("M40", 24576) == "M40-24GB");
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
  CHECK(memory("MI350X") == 288ULL << 30U);
  CHECK(memory("Ascend-910B1") == std::nullopt);
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
  CHECK(can("MI25", 16384) == Truth::yes);
  CHECK(can("Ascend-910B1", 65536) == Truth::unknown);
  CHECK(can("VG1000", 65536) == Truth::unknown);
}

TEST_CASE("a slip of the finger has a near match") {
  CHECK(cp::model::near_accelerator("H10O") == "H100");
  CHECK(cp::model::near_accelerator("NVIDIA Tesla V10O") == "V100");
  CHECK(cp::model::near_accelerator("completely else") == std::nullopt);
}
