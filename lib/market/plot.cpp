// SPDX-License-Identifier: Apache-2.0
#include "market/plot.hpp"

#include "base/escape.hpp"
#include "market/offer.hpp"
#include "model/accelerators.hpp"
#include "model/json.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace cp::market {
namespace {

using model::Json;

// --- what is drawn

// In 10^12 operations a second, of all cards that the offer counts.
std::optional<double> rate_of(const Json& offer) {
  const Json* const all = model::find(offer, "node.accelerators");
  const auto cards = model::number_at(offer, "units.cards");
  if (all == nullptr || !all->is_array() || all->size() != 1 || !cards || *cards <= 0) {
    return std::nullopt;
  }
  const auto model = model::text_at(all->front(), "model");
  const auto rate =
      model ? model::AcceleratorName::recognise(*model).tera_flops("fp16") : std::nullopt;
  return rate ? std::optional(*rate * *cards) : std::nullopt;
}

std::optional<double> cpus_of(const Json& offer) {
  const auto cores = model::number_at(offer, "units.cores");
  return cores && *cores > 0 ? cores : std::nullopt;
}

void mark_unbeaten(std::vector<PlotPoint>& points) {
  double best = 0;
  for (std::size_t i = 0; i < points.size(); ++i) {
    PlotPoint& point = points[i];
    // Those that are alike in both are all unbeaten, as --pareto keeps them.
    const bool is_alike = i > 0 && points[i - 1].price == point.price &&
                          points[i - 1].performance == point.performance;
    point.is_unbeaten = is_alike ? points[i - 1].is_unbeaten : point.performance > best;
    best = std::max(best, point.performance);
  }
}

// --- the picture

constexpr double kWidth = 960, kHeight = 600;
constexpr double kLeft = 96, kRight = 32, kTop = 56, kBottom = 72;
constexpr std::size_t kMostPoints = 20'000;
constexpr std::size_t kMostLabels = 12;
constexpr std::size_t kLongestLabel = 24;  ///< characters

/// Where values stand between two ends: in equal steps, or, where they differ much, in equal
/// ratios.
class Axis {
 public:
  Axis(double least, double most, double from, double to) : from_(from), to_(to) {
    constexpr double much = 30;
    is_log_ = least > 0 && most / least > much;
    low_ = is_log_ ? least / 1.3 : 0;
    high_ = most > 0 ? most * (is_log_ ? 1.3 : 1.08) : 1;
  }

  double at(double value) const {
    const double share =
        is_log_ ? std::log(value / low_) / std::log(high_ / low_) : (value - low_) / (high_ - low_);
    return from_ + share * (to_ - from_);
  }

  std::vector<double> ticks() const { return is_log_ ? log_ticks() : even_ticks(); }

 private:
  std::vector<double> even_ticks() const {
    const double rough = (high_ - low_) / 6;
    const double power = std::pow(10, std::floor(std::log10(rough)));
    const double step = (rough / power < 1.5   ? 1
                         : rough / power < 3.5 ? 2
                         : rough / power < 7.5 ? 5
                                               : 10) *
                        power;
    std::vector<double> all;
    constexpr int most = 12;
    for (int i = 0; i < most && i * step <= high_; ++i) {
      all.push_back(i * step);
    }
    return all;
  }

  std::vector<double> log_ticks() const {
    std::vector<double> all;
    const int first = static_cast<int>(std::floor(std::log10(low_)));
    const int last = static_cast<int>(std::ceil(std::log10(high_)));
    const bool is_wide = last - first > 4;
    const int step = std::max(1, (last - first) / 8);
    for (int exponent = first; exponent <= last; exponent += step) {
      for (const double digit : {1.0, 2.0, 5.0}) {
        const double value = digit * std::pow(10, exponent);
        if (value >= low_ && value <= high_ && (digit == 1 || !is_wide)) {
          all.push_back(value);
        }
      }
    }
    return all;
  }

  double from_, to_;
  bool is_log_ = false;
  double low_ = 0, high_ = 1;
};

// What a tick says: no more digits than it needs.
std::string tick_text(double value) {
  constexpr double million = 1e6;
  return std::abs(value) >= million ? fmt::format("{:.3g}", value) : fmt::format("{:.6g}", value);
}

// TEXT of others, cut after MOST characters, for the inside of an element.
std::string cut_text(const std::string& text, std::size_t most) {
  std::size_t characters = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool begins = (static_cast<unsigned char>(text[i]) & 0xC0U) != 0x80U;
    if (begins && ++characters > most) {
      return escape::xml(escape::terminal(text.substr(0, i))) + "…";
    }
  }
  return escape::xml(escape::terminal(text));
}

class Drawing {
 public:
  explicit Drawing(const PlotData& data)
      : data_(data),
        x_(end_of(data, &PlotPoint::price, false), end_of(data, &PlotPoint::price, true), kLeft,
           kWidth - kRight),
        y_(end_of(data, &PlotPoint::performance, false),
           end_of(data, &PlotPoint::performance, true), kHeight - kBottom, kTop) {}

  std::string text() {
    add(R"(<?xml version="1.0" encoding="UTF-8"?>)"
        "\n"
        R"(<svg xmlns="http://www.w3.org/2000/svg" width="{0}" height="{1}" viewBox="0 0 {0} {1}" )"
        R"(font-family="sans-serif" font-size="13" role="img">)",
        kWidth, kHeight);
    const std::string of = data_.is_job ? "the job" : "an hour";
    add(R"(<title>Price against performance of {} offers</title>)", data_.points.size());
    add(R"(<rect width="{}" height="{}" fill="#ffffff"/>)", kWidth, kHeight);
    add(R"(<text x="{}" y="28" font-size="16" fill="#202020">{}</text>)", kLeft, heading());
    draw_axes(data_.currency.empty() ? "price" : fmt::format("price of {}, {}", of, data_.currency),
              data_.unit.empty() ? "performance" : data_.unit);
    draw_points();
    draw_front();
    add("</svg>");
    return std::move(out_);
  }

 private:
  template <class... Args>
  void add(fmt::format_string<Args...> format, Args&&... args) {
    out_ += fmt::format(format, std::forward<Args>(args)...);
    out_ += '\n';
  }

  static double end_of(const PlotData& data, double PlotPoint::*member, bool is_most) {
    double end = data.points.empty() ? 1 : data.points.front().*member;
    for (const PlotPoint& point : data.points) {
      end = is_most ? std::max(end, point.*member) : std::min(end, point.*member);
    }
    return end;
  }

  std::string heading() const {
    if (data_.points.empty()) {
      return "there is nothing to draw: no offer has a price and a known performance";
    }
    std::string text = fmt::format("{} offers, {} that no other one beats", data_.points.size(),
                                   std::ranges::count(data_.points, true, &PlotPoint::is_unbeaten));
    return data_.left_out == 0 ? text : fmt::format("{}; {} not drawn", text, data_.left_out);
  }

  void draw_axes(const std::string& price, const std::string& performance) {
    const double bottom = kHeight - kBottom;
    const double right = kWidth - kRight;
    for (const double tick : x_.ticks()) {
      const double x = x_.at(tick);
      add(R"(<line x1="{0:.1f}" y1="{1}" x2="{0:.1f}" y2="{2}" stroke="#e4e4e4"/>)", x, kTop,
          bottom);
      add(R"(<text x="{:.1f}" y="{}" text-anchor="middle" fill="#404040">{}</text>)", x,
          bottom + 20, tick_text(tick));
    }
    for (const double tick : y_.ticks()) {
      const double y = y_.at(tick);
      add(R"(<line x1="{0}" y1="{1:.1f}" x2="{2}" y2="{1:.1f}" stroke="#e4e4e4"/>)", kLeft, y,
          right);
      add(R"(<text x="{}" y="{:.1f}" text-anchor="end" fill="#404040">{}</text>)", kLeft - 8, y + 4,
          tick_text(tick));
    }
    add(R"(<path d="M{0} {1}V{2}H{3}" fill="none" stroke="#404040"/>)", kLeft, kTop, bottom, right);
    add(R"(<text x="{}" y="{}" text-anchor="middle" fill="#202020">{}</text>)", (kLeft + right) / 2,
        kHeight - 20, escape::xml(price));
    add(R"svg(<text transform="translate(24 {}) rotate(-90)" text-anchor="middle" fill="#202020">{}</text>)svg",
        (kTop + bottom) / 2, escape::xml(performance));
  }

  void draw_points() {
    constexpr std::size_t longest_hint = 120;
    for (const PlotPoint& point : data_.points) {
      const std::string hint = point.name + (point.provider.empty() ? "" : ", " + point.provider);
      add(R"(<circle cx="{:.1f}" cy="{:.1f}" r="{}" fill="{}" fill-opacity="0.75"><title>{}: {:.6g} {}, {:.6g} {}</title></circle>)",
          x_.at(point.price), y_.at(point.performance), point.is_unbeaten ? 5 : 3.5,
          point.is_unbeaten ? "#c03020" : "#3070b0", cut_text(hint, longest_hint), point.price,
          escape::xml(data_.currency), point.performance, escape::xml(data_.unit));
    }
  }

  // In steps: between two of them only the cheaper one's performance can be had.
  void draw_front() {
    std::vector<const PlotPoint*> front;
    for (const PlotPoint& point : data_.points) {
      const bool is_new = front.empty() || front.back()->performance < point.performance;
      if (point.is_unbeaten && is_new) {
        front.push_back(&point);
      }
    }
    if (front.empty()) {
      return;
    }
    std::string path = fmt::format("M{:.1f} {:.1f}", x_.at(front.front()->price),
                                   y_.at(front.front()->performance));
    for (const PlotPoint* point : front) {
      path += fmt::format("H{:.1f}V{:.1f}", x_.at(point->price), y_.at(point->performance));
    }
    add(R"(<path d="{}H{:.1f}" fill="none" stroke="#c03020" stroke-width="1.5"/>)", path,
        kWidth - kRight);
    label(front);
  }

  // Names from the right, where the lines are far apart, as long as they do not lie on each other.
  void label(const std::vector<const PlotPoint*>& front) {
    constexpr double line = 15;
    constexpr double width_a_character = 7.5;
    std::vector<std::pair<double, double>> taken;
    std::size_t labels = 0;
    for (auto point = front.rbegin(); point != front.rend() && labels < kMostLabels; ++point) {
      const double x = x_.at((*point)->price);
      const double y = y_.at((*point)->performance) - 8;
      const bool is_free = std::ranges::all_of(taken, [&](const auto& other) {
        return std::abs(other.second - y) > line ||
               std::abs(other.first - x) > kLongestLabel * width_a_character;
      });
      if (!is_free) {
        continue;
      }
      const bool is_at_right = x > kWidth - kRight - kLongestLabel * width_a_character;
      add(R"(<text x="{:.1f}" y="{:.1f}" text-anchor="{}" fill="#802010">{}</text>)", x, y,
          is_at_right ? "end" : "start", cut_text((*point)->name, kLongestLabel));
      taken.emplace_back(x, y);
      ++labels;
    }
  }

  const PlotData& data_;
  Axis x_, y_;
  std::string out_;
};

}  // namespace

PlotData plot_data_of(std::span<const Json> offers, const std::string& home) {
  PlotData data;
  const bool has_rates =
      std::ranges::any_of(offers, [](const Json& offer) { return rate_of(offer).has_value(); });
  data.unit = has_rates ? "peak rate of all accelerators, TFLOP/s (fp16)" : "CPUs";
  for (const Json& offer : offers) {
    const auto cost = cost_of_offer(offer);
    if (cost && data.currency.empty()) {
      data.currency = home.empty() ? cost->currency : home;
      data.is_job = model::money_at(offer, "price.job").has_value();
    }
    const auto performance = has_rates ? rate_of(offer) : cpus_of(offer);
    const bool is_drawn =
        cost && cost->currency == data.currency && performance && data.points.size() < kMostPoints;
    if (!is_drawn) {
      ++data.left_out;
      continue;
    }
    const auto resource = model::text_at(offer, "name");
    data.points.push_back({resource ? *resource : model::text_at(offer, "resource").value_or(""),
                           model::text_at(offer, "provider").value_or(""), cost->amount.to_double(),
                           *performance, false});
  }
  std::ranges::stable_sort(data.points, [](const PlotPoint& a, const PlotPoint& b) {
    return a.price != b.price ? a.price < b.price : a.performance > b.performance;
  });
  mark_unbeaten(data.points);
  return data;
}

std::string svg_of(const PlotData& data) { return Drawing(data).text(); }

}  // namespace cp::market
