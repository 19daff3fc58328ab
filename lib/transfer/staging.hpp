// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "transfer/confined.hpp"

#include <atomic>
#include <memory>
#include <set>
#include <stop_token>
#include <string>

namespace cp::transfer {

/// The directory `.cpxfer/NAME` below the root of a destination, mode 0700, in which files of one
/// transfer grow until they are whole, and where its journal lies. (Where `.cpxfer` is not ours
/// alone it is `.cpxfer-NAME`. A file system that keeps no modes has nothing better.) It
/// is locked while its transfer lives; whoever comes next removes what a killed one left that
/// nobody can resume: without a journal, or with one that nobody has touched for a week. Safe on
/// any thread after opening.
class Staging {
 public:
  struct Wish {
    std::string id;   ///< of the transfer, nobody else's
    std::string key;  ///< of transfers that go on with what is there; empty: none does
  };
  /// Borrows ROOT. The directory has the key for its name, unless another transfer holds that and
  /// says that it lives, or says nothing and does not end within 20 s: then it has the id. One with
  /// the same id is this transfer itself, whose other end has lost it and come back: it is asked to
  /// end, and waited for for 30 s.
  /// cannot_create, denied, timed_out on STOP.
  static Result<std::unique_ptr<Staging>> open(const Confined& root, const Wish& wish,
                                               const std::stop_token& stop);
  /// Removes it and everything in it, but for what was kept.
  ~Staging();
  /// What `open` made; use that.
  Staging(const Confined& root, UniqueFd shared, UniqueFd fd, std::string name)
      : root_(root), shared_(std::move(shared)), fd_(std::move(fd)), name_(std::move(name)) {}
  Staging(const Staging&) = delete;
  Staging& operator=(const Staging&) = delete;

  int fd() const { return fd_.get(); }
  const std::string& name() const { return name_; }
  /// Whether a later transfer with the same key finds it again.
  bool is_resumable() const { return is_resumable_; }
  /// Whether the same transfer has come back and asks for it (`open`).
  bool is_asked_for(std::string_view id) const;
  /// Whether another transfer waits for what this one holds.
  bool is_waited_for() const;
  /// Lets it wait no longer: this one lives.
  void turn_away() const;
  /// Lets it be for a later transfer.
  void keep() { is_kept_ = true; }

  /// Whether its file system takes names that differ in upper and lower case alone for one.
  bool folds_case() const;

  /// Makes its own name durable. io.
  Result<void> sync_names() const;

  /// A number that is nobody's name in it, and never was.
  std::uint64_t next_number() { return ++next_; }
  /// Removes what an earlier transfer left in it, but for its journal and the files NAMES; numbers
  /// begin after LAST and after whatever was there.
  void remove_all_but(const std::set<std::string>& names, std::uint64_t last);

 private:
  const Confined& root_;
  UniqueFd shared_;  ///< `.cpxfer`, when it is ours
  UniqueFd fd_;
  std::string name_;  ///< in shared_, else in the root
  bool is_resumable_ = false;
  bool is_kept_ = false;
  std::atomic<std::uint64_t> next_{0};
};

}  // namespace cp::transfer
