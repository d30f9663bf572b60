// SPDX-License-Identifier: GPL-2.0-or-later
// A VM with a vgic and nothing else: fake scheduling, recorded kicks, and for each vCPU a virtual CPU interface that
// acts on list registers as Arm IHI 0069 chapters 4.8 and 12.4 say. It shares no code with the vgic or the simulated
// GIC.
#pragma once

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <cstdint>
#include <optional>
#include <set>
#include <vector>

#include "host/kvm/uapi.h"
#include "host/kvm/vgic/vgic.h"

namespace vgic_bench {

namespace gic = abi::gic;
using host::kvm::Vgic;
using host::kvm::VgicState;

class FakeSync final : public rmm::port::Sync {
 public:
  rmm::port::ActorId self() const override { return {0}; }
  void step(const rmm::port::Step&) override {}
  void wait(rmm::port::WaitQueue&, const rmm::port::Step&) override { FAIL("the vgic never waits"); }
  void wait_until(rmm::port::WaitQueue&, std::uint64_t, const rmm::port::Step&) override { FAIL("never waits"); }
  void wake_all(rmm::port::WaitQueue& queue) override { ++queue.wakeups; }
  void acquire(rmm::port::Lock& lock, const rmm::port::Step&) override {
    REQUIRE(!lock.held());
    lock.holder = self();
    ++acquired;
  }
  void release(rmm::port::Lock& lock, const rmm::port::Step&) override {
    REQUIRE(lock.held());
    lock.holder = {};
  }
  void acquire_read(rmm::port::RwLock&, const rmm::port::Step&) override { FAIL("no rwlock here"); }
  void release_read(rmm::port::RwLock&, const rmm::port::Step&) override { FAIL("no rwlock here"); }
  void acquire_write(rmm::port::RwLock&, const rmm::port::Step&) override { FAIL("no rwlock here"); }
  void release_write(rmm::port::RwLock&, const rmm::port::Step&) override { FAIL("no rwlock here"); }

  unsigned acquired = 0;
};

// The virtual CPU interface over one IchState.
class CpuInterface {
 public:
  explicit CpuInterface(gic::IchState& ich) : ich_(ich) {}

  unsigned running_priority() const {
    const std::uint64_t active = ich_.ap0r | ich_.ap1r;
    for (unsigned level = 0; level < 32; ++level) {
      if ((active >> level & 1) != 0) return level << 3;
    }
    return 0xff;
  }

  std::optional<unsigned> highest_pending_lr() const {
    std::optional<unsigned> best;
    for (unsigned i = 0; i < gic::kNumListRegisters; ++i) {
      const std::uint64_t lr = ich_.lr[i];
      if ((lr & gic::kLrStateMask) != gic::kLrPending) continue;
      if ((ich_.vmcr & ((lr & gic::kLrGroup1) != 0 ? gic::kVmcrEng1 : gic::kVmcrEng0)) == 0) continue;
      if (priority(lr) >= (ich_.vmcr >> gic::kVmcrPmrShift & 0xff) || priority(lr) >= running_priority()) continue;
      if (!best || priority(lr) < priority(ich_.lr[*best])) best = i;
    }
    return best;
  }

  // ICC_IAR: the INTID, or 1023.
  std::uint32_t acknowledge() {
    const auto i = highest_pending_lr();
    if (!i) return gic::kSpurious;
    std::uint64_t& lr = ich_.lr[*i];
    lr = (lr & ~gic::kLrStateMask) | gic::kLrActive;
    std::uint64_t& apr = (lr & gic::kLrGroup1) != 0 ? ich_.ap1r : ich_.ap0r;
    apr |= 1ULL << (priority(lr) >> 3);
    return vintid(lr);
  }

  // ICC_EOIR: priority drop, and with EOImode 0 deactivation.
  void eoi(std::uint32_t intid) {
    std::uint64_t& apr =
        (ich_.ap0r & (~ich_.ap0r + 1)) - 1 < (ich_.ap1r & (~ich_.ap1r + 1)) - 1 ? ich_.ap0r : ich_.ap1r;
    const bool dropped = apr != 0;
    apr &= apr - 1;
    if ((ich_.vmcr & gic::kVmcrEoim) == 0 && !deactivate_lr(intid) && dropped) {
      ich_.hcr += 1ULL << gic::kHcrEoiCountShift;
    }
  }

  // ICC_DIR without TDIR. False: no list register has it.
  bool deactivate_lr(std::uint32_t intid) {
    for (std::uint64_t& lr : ich_.lr) {
      if ((lr & gic::kLrActive) == 0 || vintid(lr) != intid) continue;
      lr &= ~gic::kLrActive;
      return true;
    }
    return false;
  }

  std::uint64_t misr() const {
    unsigned valid = 0, pending = 0;
    bool eoi = false;
    for (const std::uint64_t lr : ich_.lr) {
      valid += (lr & gic::kLrStateMask) != 0 ? 1 : 0;
      pending += (lr & gic::kLrStateMask) == gic::kLrPending ? 1 : 0;
      eoi = eoi || ((lr & gic::kLrStateMask) == 0 && (lr & gic::kLrEoi) != 0 && (lr & gic::kLrHw) == 0);
    }
    const auto when = [&](std::uint64_t enable, bool condition, std::uint64_t bit) {
      return (ich_.hcr & enable) != 0 && condition ? bit : 0;
    };
    const bool g0 = (ich_.vmcr & gic::kVmcrEng0) != 0, g1 = (ich_.vmcr & gic::kVmcrEng1) != 0;
    return (eoi ? gic::kMisrEoi : 0) | when(gic::kHcrUie, valid <= 1, gic::kMisrU) |
           when(gic::kHcrLrenpie, (ich_.hcr & gic::kHcrEoiCountMask) != 0, gic::kMisrLrenp) |
           when(gic::kHcrNpie, pending == 0, gic::kMisrNp) | when(gic::kHcrVgrp0Eie, g0, gic::kMisrVgrp0E) |
           when(gic::kHcrVgrp0Die, !g0, gic::kMisrVgrp0D) | when(gic::kHcrVgrp1Eie, g1, gic::kMisrVgrp1E) |
           when(gic::kHcrVgrp1Die, !g1, gic::kMisrVgrp1D);
  }

  static unsigned priority(std::uint64_t lr) {
    return static_cast<unsigned>((lr & gic::kLrPriorityMask) >> gic::kLrPriorityShift);
  }
  static std::uint32_t vintid(std::uint64_t lr) { return static_cast<std::uint32_t>(lr & gic::kLrVintidMask); }

 private:
  gic::IchState& ich_;
};

struct Bench : host::kvm::VgicHost {
  static constexpr std::uint64_t kDist = 0x08000000, kRedist = 0x080a0000;
  static constexpr unsigned kIpaBits = 33;
  static constexpr std::uint64_t kOpenVmcr = gic::kVmcrEng0 | gic::kVmcrEng1 | 0xf8ULL << gic::kVmcrPmrShift;

  // A running VM, distributor on, nr_irqs interrupts, `nr_lr` list registers per PE.
  explicit Bench(unsigned vcpus = 1, unsigned nr_lr = 16, unsigned nr_irqs = 96) : nr_lr(nr_lr) {
    REQUIRE(vgic.kvm_vgic_create(kIpaBits) == 0);
    for (unsigned i = 0; i < vcpus; ++i) REQUIRE(vgic.kvm_vgic_vcpu_init(i, mpidr(i)) == 0);
    REQUIRE(vgic.vgic_v3_set_attr(host::kvm::kVgicGrpNrIrqs, 0, nr_irqs) == 0);
    REQUIRE(vgic.vgic_v3_set_attr(host::kvm::kVgicGrpAddr, host::kvm::kVgicV3AddrTypeDist, kDist) == 0);
    REQUIRE(vgic.vgic_v3_set_attr(host::kvm::kVgicGrpAddr, host::kvm::kVgicV3AddrTypeRedist, kRedist) == 0);
    REQUIRE(vgic.vgic_v3_set_attr(host::kvm::kVgicGrpCtrl, host::kvm::kVgicCtrlInit, 0) == 0);
    REQUIRE(vgic.kvm_vgic_map_resources() == 0);
    write_dist(0x0, 3);
    ich.resize(vcpus);
    for (gic::IchState& each : ich) each.vmcr = kOpenVmcr;
    in_guest.resize(vcpus);
  }

  // As KVM numbers vCPUs: 16 per Aff1.
  static abi::Mpidr mpidr(unsigned vcpu) { return {1ULL << 31 | (vcpu & 0xf) | std::uint64_t{vcpu >> 4} << 8}; }

  void vgic_kick(unsigned vcpu) override {
    REQUIRE(!state.lock.held());
    kicked.insert(vcpu);
  }

  std::uint64_t read(std::uint64_t addr, unsigned len = 4, unsigned vcpu = 0) {
    std::uint64_t data = ~0ULL;
    REQUIRE(vgic.vgic_mmio(vcpu, {addr}, false, len, data));
    return data;
  }
  void write(std::uint64_t addr, std::uint64_t data, unsigned len = 4, unsigned vcpu = 0) {
    REQUIRE(vgic.vgic_mmio(vcpu, {addr}, true, len, data));
  }
  std::uint64_t read_dist(std::uint64_t offset, unsigned len = 4) { return read(kDist + offset, len); }
  void write_dist(std::uint64_t offset, std::uint64_t data, unsigned len = 4) { write(kDist + offset, data, len); }
  std::uint64_t read_redist(unsigned vcpu, std::uint64_t offset, unsigned len = 4) {
    return read(kRedist + vcpu * 0x20000 + offset, len, vcpu);
  }
  void write_redist(unsigned vcpu, std::uint64_t offset, std::uint64_t data, unsigned len = 4) {
    write(kRedist + vcpu * 0x20000 + offset, data, len, vcpu);
  }

  // Guest driver's view: a bit of a register with one bit per INTID, private ones in vcpu's redistributor.
  void write_bit(std::uint64_t base, std::uint32_t intid, unsigned vcpu = 0) {
    if (intid < 32) return write_redist(vcpu, 0x10000 + base, 1ULL << intid);
    write_dist(base + intid / 32 * 4, 1ULL << (intid % 32));
  }
  bool read_bit(std::uint64_t base, std::uint32_t intid, unsigned vcpu = 0) {
    if (intid < 32) return (read_redist(vcpu, 0x10000 + base) >> intid & 1) != 0;
    return (read_dist(base + intid / 32 * 4) >> (intid % 32) & 1) != 0;
  }
  void enable(std::uint32_t intid, unsigned priority = 0xa0, unsigned vcpu = 0) {
    if (intid < 32) {
      write_redist(vcpu, 0x10400 + intid, priority, 1);
    } else {
      write_dist(0x400 + intid, priority, 1);
    }
    write_bit(0x100, intid, vcpu);
  }
  void set_edge(std::uint32_t intid) {
    const std::uint64_t reg = 0xc00 + intid / 16 * 4;
    write_dist(reg, read_dist(reg) | 2ULL << (intid % 16 * 2));
  }
  void route(std::uint32_t intid, unsigned vcpu) { write_dist(0x6000 + intid * 8, mpidr(vcpu).value & 0xffffff, 8); }
  void inject(std::uint32_t intid, bool level = true, unsigned vcpu = 0) {
    REQUIRE(vgic.kvm_vgic_inject_irq(vcpu, intid, level) == 0);
  }

  void enter(unsigned vcpu = 0) {
    vgic.kvm_vgic_flush_hwstate(vcpu, ich[vcpu], nr_lr);
    in_guest[vcpu] = true;
    kicked.erase(vcpu);
    require_valid_lrs(vcpu);
  }
  void leave(unsigned vcpu = 0) {
    ich[vcpu].hcr &= ~gic::kHcrEn;
    vgic.kvm_vgic_sync_hwstate(vcpu, ich[vcpu]);
    in_guest[vcpu] = false;
  }
  CpuInterface cpu(unsigned vcpu = 0) { return CpuInterface(ich[vcpu]); }
  // Enters, acknowledges once, leaves: the INTID, or 1023.
  std::uint32_t take(unsigned vcpu = 0) {
    enter(vcpu);
    const std::uint32_t intid = cpu(vcpu).acknowledge();
    leave(vcpu);
    return intid;
  }
  void end(std::uint32_t intid, unsigned vcpu = 0) {
    enter(vcpu);
    cpu(vcpu).eoi(intid);
    leave(vcpu);
  }

  // What RMI_REC_ENTER demands of list registers and, under its mask, of ICH_HCR (DEN0137 A6.1, condition rec_gicv3).
  void require_valid_lrs(unsigned vcpu) {
    std::set<std::uint32_t> seen;
    for (unsigned i = 0; i < gic::kNumListRegisters; ++i) {
      const std::uint64_t lr = ich[vcpu].lr[i];
      if (i >= nr_lr) REQUIRE(lr == 0);
      if ((lr & gic::kLrStateMask) == 0) continue;
      const bool fields_valid = (lr & gic::kLrHw) == 0 && (lr & gic::kLrPintidMask & ~gic::kLrEoi) == 0 &&
                                (CpuInterface::priority(lr) & 7) == 0 && CpuInterface::vintid(lr) < 1020;
      REQUIRE(fields_valid);
      REQUIRE(seen.insert(CpuInterface::vintid(lr)).second);
    }
    REQUIRE((ich[vcpu].hcr & ~gic::kHcrRecEnterMask) == gic::kHcrEn);
  }

  unsigned nr_lr;
  VgicState state;
  FakeSync sync;
  std::set<unsigned> kicked;
  Vgic vgic{state, sync, *this, 1};
  std::vector<gic::IchState> ich;
  std::vector<bool> in_guest;
};

}  // namespace vgic_bench
