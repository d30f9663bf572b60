// SPDX-License-Identifier: GPL-2.0-or-later
// The state of one VM's GICv3: values only, interrupts and vCPUs named by index, so that it copies and hashes.
#pragma once

#include <array>
#include <cstdint>
#include <tuple>
#include <vector>

#include "rmm/abi/addr.h"
#include "rmm/abi/arch/gic.h"
#include "rmm/port/sync.h"

namespace host::kvm {

inline constexpr unsigned kVgicNrSgis = 16;
inline constexpr unsigned kVgicNrPrivateIrqs = 32;  // SGIs 0..15, PPIs 16..31
inline constexpr unsigned kVgicMaxReserved = 1023;  // INTIDs 1020..1023 are special (Arm IHI 0069 2.2)
inline constexpr unsigned kVgicDefaultSpis = 224;   // what CTRL_INIT freezes when NR_IRQS was never set
inline constexpr unsigned kVgicMaxVcpus = 512;
inline constexpr std::uint16_t kVgicNoVcpu = 0xffff;
inline constexpr std::uint64_t kVgicAffinityMask = 0xff00ffffffULL;  // MPIDR_EL1 Aff3 and Aff2..Aff0
inline constexpr std::uint8_t kVgicPriorityMask = 0xf8;              // kPriorityBits implemented
inline constexpr std::uint64_t kVgicAddrUndef = ~0ULL;
inline constexpr std::uint64_t kVgicV3DistSize = 0x10000;
inline constexpr std::uint64_t kVgicV3RedistSize = 0x20000;  // RD_base and SGI_base of one vCPU

enum class VgicConfig : std::uint8_t { kLevel, kEdge };

// A write to GICD_IS/ICACTIVER that came while the interrupt sat in a list register of a running vCPU. It takes effect
// when that vCPU's list registers are folded back.
enum class VgicActiveWrite : std::uint8_t { kNone, kSet, kClear };

struct VgicIrq {
  std::uint16_t intid = 0;
  std::uint8_t priority = 0;  // top five bits implemented
  VgicConfig config = VgicConfig::kLevel;
  std::uint8_t group = 1;
  bool enabled = false;
  bool line_level = false;     // what the device drives
  bool pending_latch = false;  // an edge, an SGI or a write to ISPENDR
  bool active = false;
  bool on_lr = false;       // in a list register between flush and sync: the guest may change its state
  bool lr_pending = false;  // on_lr: it was presented as pending
  bool lr_latched = false;  // on_lr: pending_latch moved there; it comes back unless acknowledged or withdrawn
  VgicActiveWrite active_write = VgicActiveWrite::kNone;
  std::uint32_t route = 0;                  // SPI: GICD_IROUTER Aff2.Aff1.Aff0
  std::uint16_t target_vcpu = kVgicNoVcpu;  // who gets it: the owner of a private interrupt, the route's vCPU of an SPI
  std::uint16_t vcpu = kVgicNoVcpu;         // whose ap_list it is on

  auto members() {
    return std::tie(intid, priority, config, group, enabled, line_level, pending_latch, active, on_lr, lr_pending,
                    lr_latched, active_write, route, target_vcpu, vcpu);
  }
};

struct VgicCpu {
  abi::Mpidr mpidr;
  std::array<VgicIrq, kVgicNrPrivateIrqs> private_irqs{};
  std::vector<std::uint16_t> ap_list;  // INTIDs that are active or pending for this vCPU, oldest first or sorted
  std::uint16_t used_lrs = 0;          // list registers filled by the last flush; 0 after sync
  std::array<std::uint16_t, abi::gic::kNumListRegisters> lr_intid{};
  std::uint64_t vmcr = 0;  // ICH_VMCR_EL2 as of the last sync
  bool asleep = false;     // GICR_WAKER.ProcessorSleep

  auto members() { return std::tie(mpidr.value, private_irqs, ap_list, used_lrs, lr_intid, vmcr, asleep); }
};

struct VgicDist {
  bool created = false;      // KVM_CREATE_DEVICE
  bool initialized = false;  // KVM_DEV_ARM_VGIC_CTRL_INIT
  bool ready = false;        // resources mapped at the first run
  bool group0_enabled = false;
  bool group1_enabled = false;
  std::uint8_t ipa_bits = 0;
  std::uint16_t nr_spis = 0;  // 0: not chosen yet
  std::uint64_t dist_base = kVgicAddrUndef;
  std::uint64_t redist_base = kVgicAddrUndef;
  std::vector<VgicIrq> spis;  // INTID - 32

  auto members() {
    return std::tie(created, initialized, ready, group0_enabled, group1_enabled, ipa_bits, nr_spis, dist_base,
                    redist_base, spis);
  }
};

struct VgicState {
  // Linux has a lock per interrupt and one per ap_list. Ours is one per VM: every operation below is one critical
  // section, so the windows between Linux's two locks (which its retry loop closes) do not exist here.
  rmm::port::Lock lock;
  VgicDist dist;
  std::vector<VgicCpu> cpus;  // by vCPU index

  auto members() { return std::tie(lock, dist, cpus); }
};

}  // namespace host::kvm
