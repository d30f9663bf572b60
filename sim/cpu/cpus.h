// SPDX-License-Identifier: GPL-2.0-or-later
// All CPU contexts of the machine, as the monitor (RealmCpus, Tlb) and the host (GuestCpus) see them. Each context has
// an engine of its own; what one engine must know of another's doings passes through here and is applied before its
// next start, never while it runs.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "host/port/guest_cpu.h"
#include "rmm/port/pe.h"
#include "rmm/port/realm_cpu.h"
#include "rmm/port/tlb.h"
#include "sim/cpu/code_pages.h"
#include "sim/cpu/cpu_model.h"
#include "sim/cpu/cpu_state.h"
#include "sim/cpu/execution.h"
#include "sim/cpu/interconnect.h"
#include "sim/mem/dram.h"
#include "sim/mem/gpt.h"
#include "sim/mmu/mmu.h"
#include "sim/mmu/shadow_tlb.h"

namespace sim {

class Cpu;

// A fault that reached EL1 or EL2, with the walk that shows it.
struct WalkReport {
  std::uint32_t cpu = 0;  // CpuId or GuestCpuId
  abi::Stage2 stage2;
  abi::Va va;
  AccessKind kind = AccessKind::kRead;
  MmuFault fault;
  std::span<const WalkStep> steps;
};

class Cpus final : public rmm::port::RealmCpus, public host::port::GuestCpus, public rmm::port::Tlb {
 public:
  // `current_pe` returns the PE of the calling thread. The references outlive this object.
  Cpus(Dram& dram, const Gpt& gpt, Execution& execution, CpuConfig config, std::function<rmm::port::Pe&()> current_pe);
  ~Cpus() override;

  // RealmCpus
  rmm::port::CpuId create() override;
  void destroy(rmm::port::CpuId id) override;
  rmm::port::RealmCpu& at(rmm::port::CpuId id) override;

  // GuestCpus. GuestCpuId and CpuId count the same contexts.
  host::port::GuestCpuId create_guest() override;
  void destroy_guest(host::port::GuestCpuId id) override;
  host::port::GuestCpu& guest(host::port::GuestCpuId id) override;
  abi::gic::IchState& ich() override;
  std::uint64_t ich_misr() const override;
  void invalidate_stage2(abi::Vmid vmid, abi::IpaRange range) override;

  // Tlb (realms)
  void invalidate(abi::Vmid vmid, abi::IpaRange range) override;
  void invalidate_all(abi::Vmid vmid) override;

  // A context of a PE whose EL2 is simulated code, in use for ever.
  std::uint32_t create_pe(Interconnect& outside);
  // Whoever moves with time outside the CPUs. Null: nobody.
  void set_platform_time(PlatformTime* time) { platform_time_ = time; }
  // Every TLB is invalid (a reset of the platform).
  void forget_translations();

  // The registers of every context as a value, and back. Neither may be called while a context runs. Both drop what
  // TLBs hold, so that the machine that goes on and the one that is restored go the same way.
  void save_all(CpusState& state);
  void restore_all(const CpusState& state);

  // Called for every fault delivered to EL1 or EL2; each then costs a second walk. Null: none.
  void set_walk_observer(std::function<void(const WalkReport&)> observer) { walk_observer_ = std::move(observer); }
  // Compares every stage 2 fill with what TLBs may still hold (sim/mmu/shadow_tlb.h). Null handler: off.
  void check_translations(Mmu::StaleHandler handler);
  // What those TLBs hold; empty unless checked.
  const ShadowTlb& shadow_tlb() const { return shadow_; }

  // The walk of `va` as context `id` would make it now for a read of EL1 (`inspect`). No side effects.
  Translation inspect(std::uint32_t id, abi::Va va, WalkLog& log);
  const CpuConfig& config() const { return config_; }
  std::size_t size() const { return cpus_.size(); }
  // The context, in use or not; id < size().
  Cpu& cpu(std::uint32_t id) { return *cpus_[id]; }

 private:
  friend class Cpu;

  std::uint32_t allocate();
  void release(std::uint32_t id);
  // Tells every context what native code changed behind its back since the last call.
  void settle();
  void flush_all();
  // TLBI ... IS: the other contexts of the same realm or VM.
  void flush_peers(const Cpu& self, const abi::Stage2& stage2);
  void flush_matching(abi::Vmid vmid, bool realm);

  Dram& dram_;
  const Gpt& gpt_;
  Execution& execution_;
  CpuConfig config_;
  std::function<rmm::port::Pe&()> current_pe_;
  std::function<void(const WalkReport&)> walk_observer_;
  Mmu::StaleHandler stale_handler_;
  PlatformTime* platform_time_ = nullptr;
  ShadowTlb shadow_;
  CodePages code_pages_;
  std::uint64_t write_epoch_ = 0;
  std::vector<std::unique_ptr<Cpu>> cpus_;
};

}  // namespace sim
