// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/bench/machine_world.h"

#include "sim/app/machine.h"
#include "tests/bench/commands.h"
#include "tests/bench/rec_entry.h"

namespace bench {
namespace {

class MachineWorld {
 public:
  static constexpr abi::Pa kFree{0x8000'0000};

  explicit MachineWorld(unsigned num_aux) {
    sim::app::RunConfig config;
    config.machine.memory = 256ULL << 20;
    config.machine.limits.num_rec_aux = static_cast<std::uint8_t>(num_aux);
    auto machine = sim::app::Machine::create(config, {});
    if (!machine) throw Failure(machine.error().message);
    machine_ = std::move(*machine);
    memory_.emplace(machine_->dram(), machine_->gpt());
  }

  // Runs `host` as a thread of the normal world.
  void run(std::function<void()> host) {
    machine_->scheduler().spawn("bench", std::move(host));
    if (machine_->run() != sim::RunResult::kAllEnded) throw Failure("the machine stopped before the bench ended");
  }
  abi::SmcRegs smc(const abi::SmcRegs& regs) { return machine_->firmware().smc(regs); }
  void put(abi::Pa pa, std::span<const std::byte> what) {
    if (!memory_->write(pa, what)) throw Failure("the host cannot write");
  }
  void get(abi::Pa pa, std::span<std::byte> out) {
    if (!memory_->read(pa, out)) throw Failure("the host cannot read");
  }
  void between() {}

 private:
  std::unique_ptr<sim::app::Machine> machine_;
  std::optional<sim::NsView> memory_;
};

}  // namespace

std::vector<Figure> measure_machine(unsigned batches, unsigned num_aux) {
  std::vector<Figure> figures;
  MachineWorld for_commands(num_aux);
  for_commands.run([&] { figures = measure_commands(for_commands, batches, num_aux); });
  MachineWorld world(num_aux);
  world.run([&] {
    RecEntries entries(world, num_aux);
    entries.enter();  // the first read, which nobody answers yet
    entries.set_entry(rmi::kEnterEmulMmio);
    figures.push_back(entries.measure("REC_ENTER, back by MMIO", batches, rmi::RecExitReason::kSync));
  });
  return figures;
}

}  // namespace bench
