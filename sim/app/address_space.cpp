// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/app/address_space.h"

#include <sys/mman.h>

#include <fmt/format.h>

#include "sim/app/text.h"

namespace sim::app {
namespace {

// Generous figures of what the emulator reserves, most of which is never touched: once, and for each vCPU.
constexpr std::uint64_t kOnce = 1536ULL << 20;
constexpr std::uint64_t kPerVcpu = 192ULL << 20;

}  // namespace

tl::expected<void, std::string> check_address_space(const RunConfig& config) {
  std::uint64_t vcpus = 0;
  for (const auto& vm : config.vms) vcpus += vm.vcpus;
  const std::uint64_t needed = config.machine.memory + kOnce + kPerVcpu * vcpus;
  void* probe = mmap(nullptr, needed, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (probe == MAP_FAILED)
    return tl::unexpected(
        fmt::format("this computer cannot reserve the {} of address space for a machine with {} of memory and {} "
                    "vCPUs: configure less memory or fewer vCPUs, or raise the limit (ulimit -v)",
                    format_size(needed), format_size(config.machine.memory), vcpus));
  munmap(probe, needed);
  return {};
}

}  // namespace sim::app
