// SPDX-License-Identifier: Apache-2.0
#include "provider/local/processor.hpp"

#include "base/file.hpp"
#include "base/text.hpp"
#include "provider/local/sysfs.hpp"

#include <array>

namespace cp::provider::local {
namespace {

struct Name {
  std::string_view native;
  std::string_view ours;
};

// x86: CPUID leaf 0. ARM: MIDR_EL1.Implementer, as /proc/cpuinfo prints it.
constexpr std::array<Name, 14> kProcessorVendors{{
    {"GenuineIntel", "intel"},
    {"AuthenticAMD", "amd"},
    {"HygonGenuine", "hygon"},
    {"CentaurHauls", "zhaoxin"},
    {"Shanghai", "zhaoxin"},
    {"0x41", "arm"},
    {"0x46", "fujitsu"},
    {"0x48", "hisilicon"},
    {"0x4e", "nvidia"},
    {"0x51", "qualcomm"},
    {"0x61", "apple"},
    {"0x70", "phytium"},
    {"0xc0", "ampere"},
    {"0x6d", "microsoft"},
}};

struct Core {
  std::string_view implementer;
  std::string_view part;
  std::string_view model;
  int flops_per_cycle;  ///< of 64 bits; 0: not known
  std::string_view source;
};

// MIDR part numbers and vector widths as the vendors' technical reference manuals have them.
constexpr std::array<Core, 5> kArmCores{{
    {"0x41", "0xd0c", "Neoverse-N1", 8, "two 128-bit FMA units (Neoverse N1)"},
    {"0x41", "0xd40", "Neoverse-V1", 16, "two 256-bit FMA units (Neoverse V1)"},
    {"0x41", "0xd49", "Neoverse-N2", 8, "two 128-bit FMA units (Neoverse N2)"},
    {"0x41", "0xd4f", "Neoverse-V2", 16, "four 128-bit FMA units (Neoverse V2)"},
    {"0x48", "0xd01", "Kunpeng 920", 0, ""},
}};

struct IntelServer {
  std::string_view model;  ///< of family 6
  std::string_view name;
};

// All of these have two AVX-512 FMA units; of Skylake-SP and Cascade Lake only some do.
constexpr std::array<IntelServer, 6> kTwoAvx512Units{{
    {"106", "Ice Lake-SP"},
    {"108", "Ice Lake-D"},
    {"143", "Sapphire Rapids"},
    {"207", "Emerald Rapids"},
    {"173", "Granite Rapids"},
    {"174", "Granite Rapids-D"},
}};

std::string without(std::string text, std::string_view part) {
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part)) {
    text.erase(at, part.size());
  }
  return text;
}

// "Intel(R) Xeon(R) Platinum 8480+ CPU @ 2.00GHz" is "Xeon Platinum 8480+".
std::string plain_model(std::string name) {
  name = name.substr(0, name.find(" @"));
  for (const std::string_view noise : {"(R)", "(r)", "(TM)", "(tm)", "Intel ", "AMD ", " CPU"}) {
    name = without(std::move(name), noise);
  }
  if (const auto cores = name.find("-Core Processor"); cores != std::string::npos) {
    name = name.substr(0, name.rfind(' ', cores));
  }
  std::string out;
  for (const char c : text::trim(name)) {
    if (c != ' ' || !out.ends_with(' ')) {
      out += c;
    }
  }
  return out;
}

std::optional<double> gigahertz_in(std::string_view name) {
  const auto at = name.find("@ ");
  if (at == std::string_view::npos || !name.ends_with("GHz")) {
    return std::nullopt;
  }
  const auto value = text::to_double(name.substr(at + 2, name.size() - at - 5));
  return value && *value > 0 ? std::optional(*value * 1e9) : std::nullopt;
}

// The base clock: from the driver, from the name, or, in a virtual machine, the time-stamp
// counter's, which /proc/cpuinfo prints there. The current clock of a real machine is no nominal
// one.
std::optional<double> clock_of(const std::string& root, const std::string& cpuinfo,
                               const std::set<std::string, std::less<>>& features) {
  const std::string folder = path_join(root, "sys/devices/system/cpu/cpu0/cpufreq");
  if (const auto khz = read_integer(path_join(folder, "base_frequency")); khz && *khz > 0) {
    return static_cast<double>(*khz) * 1e3;
  }
  if (const auto named = gigahertz_in(field_in(cpuinfo, "model name").value_or(""))) {
    return named;
  }
  if (features.contains("hypervisor")) {
    const auto mhz = text::to_double(field_in(cpuinfo, "cpu MHz").value_or(""));
    return mhz && *mhz > 0 ? std::optional(*mhz * 1e6) : std::nullopt;
  }
  if (const auto khz = read_integer(path_join(folder, "cpuinfo_max_freq")); khz && *khz > 0) {
    return static_cast<double>(*khz) * 1e3;
  }
  return std::nullopt;
}

void add_x86_flops(Processor& processor, const std::string& cpuinfo,
                   const std::set<std::string, std::less<>>& features) {
  const std::string family = field_in(cpuinfo, "cpu family").value_or("");
  const std::string model = field_in(cpuinfo, "model").value_or("");
  for (const IntelServer& server : kTwoAvx512Units) {
    if (processor.vendor == "intel" && family == "6" && model == server.model &&
        features.contains("avx512f")) {
      processor.flops_per_cycle = 32;
      processor.flops_source = fmt::format("AVX-512, two FMA units ({})", server.name);
      return;
    }
  }
  if (processor.vendor == "amd" && family == "25" && features.contains("avx512f")) {
    processor.flops_per_cycle = 16;
    processor.flops_source = "AVX-512 on two 256-bit FMA units (Zen 4)";
    return;
  }
  // Haswell and later, Zen 2 (family 23 from model 48 on) and later have two 256-bit FMA units.
  const bool zen1 =
      processor.vendor == "amd" && family == "23" && text::to_int(model).value_or(0) < 48;
  const bool known = processor.vendor == "intel" || processor.vendor == "amd";
  if (known && !zen1 && features.contains("avx2") && features.contains("fma") &&
      !features.contains("avx512f")) {
    processor.flops_per_cycle = 16;
    processor.flops_source = "AVX2, two FMA units";
  }
}

void add_arm_core(Processor& processor, const std::string& cpuinfo) {
  const auto implementer = field_in(cpuinfo, "CPU implementer");
  const auto part = field_in(cpuinfo, "CPU part");
  for (const Core& core : kArmCores) {
    if (implementer == core.implementer && part == core.part) {
      processor.model = core.model;
      if (core.flops_per_cycle > 0) {
        processor.flops_per_cycle = core.flops_per_cycle;
        processor.flops_source = core.source;
      }
    }
  }
}

std::optional<std::string> vendor_in(const std::string& cpuinfo) {
  const auto native =
      field_in(cpuinfo, "vendor_id").value_or(field_in(cpuinfo, "CPU implementer").value_or(""));
  for (const Name& name : kProcessorVendors) {
    if (name.native == native) {
      return std::string(name.ours);
    }
  }
  return std::nullopt;
}

std::set<std::string, std::less<>> features_in(const std::string& cpuinfo) {
  std::set<std::string, std::less<>> features;
  const std::string list =
      field_in(cpuinfo, "flags").value_or(field_in(cpuinfo, "Features").value_or(""));
  for (const std::string_view feature : text::split(list, ' ')) {
    features.emplace(feature);
  }
  return features;
}

}  // namespace

Processor read_processor(const std::string& root, std::string arch) {
  const std::string cpuinfo = read_word(path_join(root, "proc/cpuinfo")).value_or("");
  const auto features = features_in(cpuinfo);
  Processor processor;
  processor.arch = std::move(arch);
  processor.vendor = vendor_in(cpuinfo);
  if (const auto name = field_in(cpuinfo, "model name")) {
    processor.model = plain_model(*name);
  }
  processor.clock_hz = clock_of(root, cpuinfo, features);
  if (processor.arch == "x86_64") {
    add_x86_flops(processor, cpuinfo, features);
  } else if (processor.arch == "aarch64") {
    add_arm_core(processor, cpuinfo);
  }
  return processor;
}

}  // namespace cp::provider::local
