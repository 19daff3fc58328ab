// SPDX-License-Identifier: Apache-2.0
#include "base/random.hpp"
#include "base/text.hpp"
#include "provider/slurm/cluster.hpp"

#include <fmt/core.h>

#include <span>

namespace cp::provider::slurm {
namespace {

// SLURM_CONF says which cluster; every other variable would change what is asked or how it is
// printed. The last directories are where sites put Slurm that is in no PATH of a remote command.
constexpr std::string_view kPrelude = R"(
for v in $(env | sed -n 's/^\([A-Z]*_[A-Za-z0-9_]*\)=.*/\1/p'); do
  case $v in
    SLURM_CONF) ;;
    SLURM_* | SBATCH_* | SALLOC_* | SRUN_* | SQUEUE_* | SINFO_* | SACCT_* | SCONTROL_*) unset "$v" ;;
  esac
done
PATH=$PATH:/usr/local/bin:/usr/bin:/bin:/opt/slurm/bin:/usr/local/slurm/bin
export PATH
)";

constexpr std::string_view kInquiry = R"(
part() {
  printf '\n%s %s\n' "$m" "$1"
  shift
  "$@" 2>&1
  s=$?
  printf '\n%s status %s\n' "$m" "$s"
  return "$s"
}
jobs_by_state() {
  j=$(squeue -h -r -o '%P %T' 2>&1) || { printf '%s\n' "$j"; return 1; }
  printf '%s\n' "$j" | sort | uniq -c
}
if command -v scontrol >/dev/null 2>&1; then
  part config scontrol show config &&
    part nodes scontrol -d -o show node &&
    part partitions scontrol -o show partition &&
    part jobs jobs_by_state
else
  printf '\n%s none\n' "$m"
fi
printf '\n%s whole\n' "$m"
)";

}  // namespace

std::string_view command_prelude() { return kPrelude; }

std::string inquiry(std::string_view marker) {
  return fmt::format("m={}", marker).append(kPrelude).append(kInquiry);
}

Result<Cluster> ask(const Place& place, const std::stop_token& stop) {
  std::string bytes(16, '\0');
  KernelRandom().fill(std::as_writable_bytes(std::span(bytes)));
  const std::string marker = "cp" + text::to_hex(bytes);
  CP_TRY_ASSIGN(const std::string output, run_script(place, inquiry(marker), stop));
  auto cluster = read_answer(output, marker);
  if (!cluster && place.host) {
    return fail(cluster.error().code, "{}: {}", place.host->to_string(), cluster.error().message);
  }
  return cluster;
}

}  // namespace cp::provider::slurm
