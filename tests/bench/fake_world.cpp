// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/bench/fake_world.h"

#include <cstring>

#include "rmm/monitor.h"
#include "tests/bench/commands.h"
#include "tests/bench/rec_entry.h"
#include "tests/rmm/fake_platform.h"

namespace bench {
namespace {

class FakeWorld {
 public:
  static constexpr abi::Pa kFree = fake::kDram;

  explicit FakeWorld(unsigned num_aux)
      : state_(rmm::Monitor::boot_state(platform_.gpt)), monitor_(platform_.ports(nullptr), limits(num_aux), state_) {}

  abi::SmcRegs smc(const abi::SmcRegs& regs) { return monitor_.rmi(platform_.pe, regs); }
  void put(abi::Pa pa, std::span<const std::byte> what) {
    std::memcpy(platform_.memory.bytes(pa), what.data(), what.size());
  }
  void get(abi::Pa pa, std::span<std::byte> out) { std::memcpy(out.data(), platform_.memory.bytes(pa), out.size()); }
  // The fake platform remembers what it was asked, for tests.
  void between() {
    platform_.tlb.log.clear();
    platform_.sync.order.clear();
  }
  void end_runs_by_fiq() {
    for (auto& [id, cpu] : platform_.cpus.cpus) cpu.otherwise = abi::ExceptionKind::kFiq;
  }

 private:
  static rmm::core::Limits limits(unsigned num_aux) {
    rmm::core::Limits out;
    out.num_rec_aux = static_cast<std::uint8_t>(num_aux);
    return out;
  }

  fake::Platform platform_;
  rmm::core::MonitorState state_;
  rmm::Monitor monitor_;
};

}  // namespace

std::vector<Figure> measure_fake_platform(unsigned batches, unsigned num_aux) {
  FakeWorld for_commands(num_aux);
  std::vector<Figure> figures = measure_commands(for_commands, batches, num_aux);
  FakeWorld world(num_aux);
  RecEntries entries(world, num_aux);
  world.end_runs_by_fiq();
  figures.push_back(entries.measure("REC_ENTER, back by FIQ", batches, rmi::RecExitReason::kFiq));
  return figures;
}

}  // namespace bench
