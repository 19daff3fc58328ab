// SPDX-License-Identifier: Apache-2.0
#include "model/accelerator_spelling.hpp"

#include "base/text.hpp"

#include <array>

namespace cp::model {
namespace {

struct Brand {
  std::string_view word;  ///< folded
  std::string_view vendor;
};
constexpr std::array kBrands{Brand{"nvidia", "nvidia"},
                             Brand{"tesla", "nvidia"},
                             Brand{"geforce", "nvidia"},
                             Brand{"amd", "amd"},
                             Brand{"instinct", "amd"},
                             Brand{"radeon", "amd"},
                             Brand{"intel", "intel"},
                             Brand{"habana", "intel"},
                             Brand{"google", "google"},
                             Brand{"aws", "aws"},
                             Brand{"amazon", "aws"},
                             Brand{"huawei", "huawei"},
                             Brand{"昇腾", "huawei"},
                             Brand{"cambricon", "cambricon"},
                             Brand{"寒武纪", "cambricon"},
                             Brand{"hygon", "hygon"},
                             Brand{"海光", "hygon"},
                             Brand{"kunlunxin", "kunlunxin"},
                             Brand{"昆仑芯", "kunlunxin"},
                             Brand{"moorethreads", "moorethreads"},
                             Brand{"mthreads", "moorethreads"},
                             Brand{"mtt", "moorethreads"},
                             Brand{"摩尔线程", "moorethreads"},
                             Brand{"enflame", "enflame"},
                             Brand{"燧原", "enflame"},
                             Brand{"iluvatar", "iluvatar"},
                             Brand{"天数智芯", "iluvatar"},
                             Brand{"metax", "metax"},
                             Brand{"沐曦", "metax"}};

std::string folded(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    if (text.starts_with("®") || text.starts_with("™")) {
      text.remove_prefix(std::string_view(text.starts_with("®") ? "®" : "™").size());
      continue;
    }
    if (text.front() != ' ' && text.front() != '-' && text.front() != '_') {
      out.push_back(text.front());
    }
    text.remove_prefix(1);
  }
  return text::lower(out);
}

const Brand* leading_brand(std::string_view folded) {
  for (const Brand& brand : kBrands) {
    if (folded.size() > brand.word.size() && folded.starts_with(brand.word)) {
      return &brand;
    }
  }
  return nullptr;
}

}  // namespace

Spelling spell(std::string_view text) {
  Spelling spelling{folded(text), {}};
  while (const Brand* brand = leading_brand(spelling.folded)) {
    spelling.folded.erase(0, brand->word.size());
    const bool is_one_vendor = spelling.vendor.empty() || spelling.vendor == brand->vendor;
    spelling.vendor = is_one_vendor ? brand->vendor : "?";
  }
  return spelling;
}

}  // namespace cp::model
