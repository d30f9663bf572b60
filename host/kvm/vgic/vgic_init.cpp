// SPDX-License-Identifier: GPL-2.0-or-later
// Creation, device attributes and first run of the vgic.
#include <cstdio>
#include <cstdlib>

#include "host/kvm/uapi.h"
#include "host/kvm/vgic/vgic.h"
#include "host/kvm/vgic/vgic_critical.h"

namespace host::kvm {
namespace {

constexpr std::uint64_t kBaseAlignment = 0x10000;
constexpr std::uint16_t kPrivateList = kVgicNrPrivateIrqs;  // entries of an ap_list that need no growth besides SPIs

bool overlaps(std::uint64_t a, std::uint64_t a_size, std::uint64_t b, std::uint64_t b_size) {
  return a < b + b_size && b < a + a_size;
}

}  // namespace

long Vgic::kvm_vgic_create(unsigned ipa_bits) {
  if (state_.dist.created) return -kEEXIST;
  state_.dist.created = true;
  state_.dist.ipa_bits = static_cast<std::uint8_t>(ipa_bits);
  return 0;
}

long Vgic::kvm_vgic_vcpu_init(unsigned vcpu, abi::Mpidr mpidr) {
  if (state_.dist.initialized) return -kEBUSY;
  if (vcpu >= kVgicMaxVcpus) return -kE2BIG;
  if (vcpu != state_.cpus.size()) {
    std::fprintf(stderr, "vgic: vCPU %u created after %zu others: indices must ascend from 0\n", vcpu,
                 state_.cpus.size());
    std::abort();
  }
  VgicCpu& cpu = state_.cpus.emplace_back();
  cpu.mpidr = mpidr;
  for (std::uint16_t intid = 0; intid < kVgicNrPrivateIrqs; ++intid) {
    VgicIrq& irq = cpu.private_irqs[intid];
    irq.intid = intid;
    irq.target_vcpu = static_cast<std::uint16_t>(vcpu);
    // SGIs come enabled and are edges; PPIs are level-triggered for good: the timers need that (spec 3.6).
    irq.enabled = intid < kVgicNrSgis;
    irq.config = intid < kVgicNrSgis ? VgicConfig::kEdge : VgicConfig::kLevel;
  }
  return 0;
}

long Vgic::vgic_init() {
  VgicDist& dist = state_.dist;
  if (!dist.created) return -kENODEV;
  if (dist.initialized) return 0;
  Critical critical(*this, "vgic_init");
  if (dist.nr_spis == 0) dist.nr_spis = kVgicDefaultSpis;
  dist.spis.resize(dist.nr_spis);
  for (std::uint16_t spi = 0; spi < dist.nr_spis; ++spi) {
    VgicIrq& irq = dist.spis[spi];
    irq.intid = static_cast<std::uint16_t>(kVgicNrPrivateIrqs + spi);
    irq.target_vcpu = mpidr_to_vcpu(irq.route);
  }
  for (VgicCpu& cpu : state_.cpus) cpu.ap_list.reserve(std::size_t{kPrivateList} + dist.nr_spis);
  dist.initialized = true;
  return 0;
}

void Vgic::kvm_vgic_destroy() {
  state_.dist = {};
  state_.cpus.clear();
}

// Order of the checks: Linux's vgic_check_iorange.
long Vgic::check_iorange(std::uint64_t current, std::uint64_t base, std::uint64_t size) const {
  if (current != kVgicAddrUndef) return -kEEXIST;
  if (!abi::is_aligned(base, kBaseAlignment) || base + size < base) return -kEINVAL;
  return base + size > (1ULL << state_.dist.ipa_bits) ? -kE2BIG : 0;
}

long Vgic::set_addr(std::uint64_t attr, std::uint64_t value) {
  VgicDist& dist = state_.dist;
  if (attr == kVgicV3AddrTypeDist) {
    const long ret = check_iorange(dist.dist_base, value, kVgicV3DistSize);
    if (ret == 0) dist.dist_base = value;
    return ret;
  }
  // One contiguous region for the vCPUs that exist now; a later vCPU makes it longer and is checked at the first run.
  const long ret = check_iorange(dist.redist_base, value, redist_size());
  if (ret != 0) return ret;
  if (dist.dist_base != kVgicAddrUndef && overlaps(dist.dist_base, kVgicV3DistSize, value, redist_size())) {
    return -kEINVAL;
  }
  dist.redist_base = value;
  return 0;
}

// The number of interrupts counts the 32 private ones: 64..992 in steps of 32.
long Vgic::set_nr_irqs(std::uint64_t value) {
  if (value < kVgicNrPrivateIrqs + 32 || value > kVgicMaxReserved || value % 32 != 0) return -kEINVAL;
  if (state_.dist.initialized || state_.dist.nr_spis != 0) return -kEBUSY;
  state_.dist.nr_spis = static_cast<std::uint16_t>(value - kVgicNrPrivateIrqs);
  return 0;
}

long Vgic::vgic_v3_has_attr(std::uint32_t group, std::uint64_t attr) const {
  const bool known = (group == kVgicGrpAddr && (attr == kVgicV3AddrTypeDist || attr == kVgicV3AddrTypeRedist)) ||
                     group == kVgicGrpNrIrqs || (group == kVgicGrpCtrl && attr == kVgicCtrlInit);
  return known ? 0 : -kENXIO;
}

long Vgic::vgic_v3_set_attr(std::uint32_t group, std::uint64_t attr, std::uint64_t value) {
  if (const long ret = vgic_v3_has_attr(group, attr); ret != 0) return ret;
  if (group == kVgicGrpCtrl) return vgic_init();
  Critical critical(*this, "vgic_v3_set_attr");
  return group == kVgicGrpAddr ? set_addr(attr, value) : set_nr_irqs(value);
}

long Vgic::vgic_v3_get_attr(std::uint32_t group, std::uint64_t attr, std::uint64_t& value) {
  if (const long ret = vgic_v3_has_attr(group, attr); ret != 0) return ret;
  if (group == kVgicGrpCtrl) return -kENXIO;
  const VgicDist& dist = state_.dist;
  if (group == kVgicGrpNrIrqs) {
    value = dist.nr_spis + kVgicNrPrivateIrqs;
  } else {
    value = attr == kVgicV3AddrTypeDist ? dist.dist_base : dist.redist_base;
  }
  return 0;
}

long Vgic::kvm_vgic_map_resources() {
  VgicDist& dist = state_.dist;
  if (dist.ready) return 0;
  if (!dist.created) return -kENODEV;
  Critical critical(*this, "kvm_vgic_map_resources");
  if (dist.dist_base == kVgicAddrUndef || dist.redist_base == kVgicAddrUndef) return -kENXIO;
  if (dist.redist_base + redist_size() > (1ULL << dist.ipa_bits) ||
      overlaps(dist.dist_base, kVgicV3DistSize, dist.redist_base, redist_size())) {
    return -kEINVAL;
  }
  if (!dist.initialized) return -kEBUSY;
  dist.ready = true;
  return 0;
}

}  // namespace host::kvm
