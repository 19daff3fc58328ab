// SPDX-License-Identifier: Apache-2.0
#include "transfer/idle_cores.hpp"

#include <algorithm>
#include <fstream>
#include <string>
#include <unistd.h>

namespace cp::transfer {
namespace {

// proc(5): "cpu user nice system idle iowait …", in ticks since the start, of all cores together.
std::uint64_t idle_ticks() {
  std::ifstream file("/proc/stat");
  std::string name;
  std::uint64_t user = 0;
  std::uint64_t nice = 0;
  std::uint64_t system = 0;
  std::uint64_t idle = 0;
  std::uint64_t waiting = 0;
  file >> name >> user >> nice >> system >> idle >> waiting;
  return file ? idle + waiting : 0;
}

}  // namespace

IdleCores::IdleCores(SteadyTime now) : ticks_(idle_ticks()), at_(now) {}

double IdleCores::since_last(SteadyTime now) {
  const std::uint64_t ticks = idle_ticks();
  const double seconds = std::chrono::duration<double>(now - at_).count();
  const double idle = static_cast<double>(ticks - std::min(ticks, ticks_)) /
                      static_cast<double>(::sysconf(_SC_CLK_TCK));
  ticks_ = ticks;
  at_ = now;
  return seconds > 0 ? idle / seconds : 0;
}

}  // namespace cp::transfer
