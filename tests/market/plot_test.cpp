// SPDX-License-Identifier: Apache-2.0
#include "market/plot.hpp"

#include "model/json.hpp"

#include "catch.hpp"

using cp::market::plot_data_of;
using cp::market::PlotData;
using cp::market::svg_of;
using cp::model::Json;

namespace {

Json offer_of(const char* name, const char* amount, const char* model, int cards) {
  Json offer{{"schema", "cp.offer/1"}, {"name", name}, {"units", {{"nodes", 1}, {"cores", 8}}}};
  if (amount != nullptr) {
    offer["price"]["hour"] = {{"amount", amount}, {"currency", "CNY"}};
  }
  if (model != nullptr) {
    offer["units"]["cards"] = cards;
    offer["node"]["accelerators"] = Json::array({{{"model", model}, {"count", cards}}});
  }
  return offer;
}

std::string unbeaten(const PlotData& data) {
  std::string names;
  for (const auto& point : data.points) {
    names += point.is_unbeaten ? point.name + " " : "";
  }
  return names;
}

}  // namespace

TEST_CASE("a picture has the peak rates of what is offered, and marks what no other one beats") {
  const std::vector<Json> offers{offer_of("dear", "40", "A100-SXM-80GB", 8),
                                 offer_of("good", "20", "A100-SXM-80GB", 8),
                                 offer_of("twin", "20", "A100-SXM-80GB", 8),
                                 offer_of("small", "3", "A100-SXM-80GB", 1),
                                 offer_of("slow", "4", "T4", 1),
                                 offer_of("unpriced", nullptr, "T4", 1),
                                 offer_of("family", "1", "H100", 1),
                                 offer_of("none", "1", nullptr, 0)};
  const PlotData data = plot_data_of(offers, "");
  CHECK(data.currency == "CNY");
  CHECK(data.left_out == 3);
  CHECK(unbeaten(data) == "small good twin ");
  CHECK(data.points.front().performance == 312);
  CHECK(data.points.back().performance == 8 * 312);
  CHECK(plot_data_of(offers, "USD").points.empty());
}

TEST_CASE("without accelerators a picture has CPUs, and without offers it says so") {
  const PlotData data = plot_data_of(std::vector{offer_of("a", "1", nullptr, 0)}, "CNY");
  CHECK(data.unit == "CPUs");
  CHECK(data.points.front().performance == 8);
  CHECK(svg_of({}).find("there is nothing to draw") != std::string::npos);
  CHECK(svg_of(plot_data_of(std::vector{offer_of("free", "0", nullptr, 0)}, "")).find("nan") ==
        std::string::npos);
}

TEST_CASE("names in a picture are text, whatever they hold") {
  const std::string evil = "</text><script>alert(1)</script>&\"'\x1b\xe2\x80\xae\xff]]>";
  const std::string svg =
      svg_of(plot_data_of(std::vector{offer_of(evil.c_str(), "1", nullptr, 0)}, ""));
  CHECK(svg.find("<script") == std::string::npos);
  CHECK(svg.find('\x1b') == std::string::npos);
  CHECK(svg.find("\xe2\x80\xae") == std::string::npos);
  CHECK(svg.find("&lt;/text&gt;&lt;script") != std::string::npos);
}
