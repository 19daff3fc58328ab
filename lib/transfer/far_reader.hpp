// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "transfer/far_listing.hpp"
#include "transfer/have.hpp"
#include "transfer/pacer.hpp"
#include "transfer/report.hpp"
#include "transfer/taker.hpp"

#include <functional>
#include <stop_token>
#include <vector>

namespace cp::transfer {

/// The sending end of a transfer from a host that has a shell and no cpxfer: what the archives of
/// its tar hold goes to a taker, and counts when the sum of each file there is that of what came.
/// For one thread.
class FarReader {
 public:
  struct Parts {
    FarShell& shell;  ///< borrowed, as all of it
    Taker& taker;
    const HaveTable& have;
    Report& report;
    const Selection& selection;
    std::string server;  ///< before the paths of what fails
    double bytes_per_second = 0;
    std::stop_token stop;
  };
  explicit FarReader(Parts parts);

  /// Moves all of SOURCES. An item that failed is in the tally; an error is the transfer's.
  Result<void> run(const std::vector<FarSource>& sources);

 private:
  /// A file that came, and waits for its sum.
  struct Arrived {
    const FarFound* found;
    TarMember member;
    std::string sum;
    std::vector<std::byte> data;  ///< of a small one
    std::uint64_t id = 0;         ///< of one that travels alone
    Digest digest;
  };

  Result<void> move(const FarSource& source, const std::vector<FarFound>& found);
  Result<void> plan(const FarFound& found);
  bool is_left_out(const FarFound& found);
  Result<void> add_directory(const FarFound& found);
  Result<void> request(const FarFound& found);
  Result<void> flush();
  Result<void> fetch(std::span<const FarFound* const> wanted);
  Result<void> take_member(const FarFound& found, TarMember member);
  Result<void> take_small(Arrived& arrived);
  Result<void> take_alone(Arrived& arrived);
  Result<void> read(std::span<std::byte> out);
  Result<void> drain(std::uint64_t bytes);
  Result<void> skip_padding(std::uint64_t size);
  Result<void> settle();
  Result<void> settle_one(const Arrived& arrived, bool is_good);
  Result<void> give(const std::vector<Arrived>& small);
  Entry entry_of(const FarFound& found, const TarMember& member) const;
  void fail_item(const FarFound& found, Errc code, std::string why);

  Parts parts_;
  Pacer pacer_;
  const FarSource* source_ = nullptr;
  std::string left_out_;  ///< a directory whose contents are not looked at, with a slash
  std::vector<const FarFound*> wanted_;
  std::size_t wanted_names_ = 0;
  std::uint64_t wanted_bytes_ = 0;
  std::vector<const FarFound*> again_;  ///< other names of what came
  std::vector<Arrived> arrived_;
  std::uint64_t files_alone_ = 0;
  std::uint64_t packs_ = 0;
};

}  // namespace cp::transfer
