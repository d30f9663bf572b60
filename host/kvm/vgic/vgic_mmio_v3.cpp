// SPDX-License-Identifier: GPL-2.0-or-later
// Where the GICv3 registers are (Arm IHI 0069, 12.8 to 12.12), the identification and control registers, and the
// entrance of every MMIO access. One Security state (DS), affinity routing always on, no LPIs, no extended ranges.
#include <span>

#include "host/kvm/vgic/vgic_critical.h"
#include "host/kvm/vgic/vgic_mmio.h"

namespace host::kvm {
namespace {

using M = VgicMmio;

constexpr std::uint64_t kIntidLimit = 1024;  // INTIDs that the register layout has room for

// GICD_CTLR with DS = 1
constexpr std::uint64_t kCtlrEnableGrp0 = 1U << 0;
constexpr std::uint64_t kCtlrEnableGrp1 = 1U << 1;
constexpr std::uint64_t kCtlrAre = 1U << 4;
constexpr std::uint64_t kCtlrDs = 1U << 6;
// GICD_TYPER
constexpr unsigned kTyperIdBitsShift = 19;
constexpr std::uint64_t kTyperIdBits = 10;  // INTIDs of 10 bits
constexpr std::uint64_t kTyperNo1N = 1U << 25;
// GICD_IIDR, GICR_IIDR: product 'K' as KVM says, revision, implementer Arm
constexpr std::uint64_t kIidrProduct = 0x4b000000;
constexpr std::uint64_t kIidrRevision3 = 3U << 12;
constexpr std::uint64_t kIidrImplementer = 0x43b;
// GICR_TYPER
constexpr std::uint64_t kRedistTyperLast = 1U << 4;
constexpr unsigned kRedistTyperProcessorShift = 8;
// GICR_WAKER
constexpr std::uint64_t kWakerProcessorSleep = 1U << 1;
constexpr std::uint64_t kWakerChildrenAsleep = 1U << 2;
// ID registers, from offset 0xffd0
constexpr std::uint64_t kPidr2Offset = 0x18;
constexpr std::uint64_t kPidr2Gicv3 = 0x3b;

constexpr std::uint8_t k32 = 4;
constexpr std::uint8_t k8or32 = 1 | 4;
constexpr std::uint8_t k32or64 = 4 | 8;

constexpr M::Range irqs(std::uint32_t offset, std::uint64_t intids, std::uint8_t bits, std::uint8_t sizes,
                        M::IrqRead read, M::IrqWrite write) {
  return {offset, static_cast<std::uint32_t>(intids * bits / 8), sizes, bits, read, write};
}

constexpr M::Range words(std::uint32_t offset, std::uint32_t length, std::uint8_t sizes, M::Read read, M::Write write) {
  return {.offset = offset, .length = length, .sizes = sizes, .read = read, .write = write};
}

// Offsets that no row covers are reserved, or belong to what this GIC does not have: RAZ/WI.
constexpr M::Range kDistributor[] = {
    words(0x0000, 4, k32, M::read_dist_ctlr, M::write_dist_ctlr),                // GICD_CTLR
    words(0x0004, 4, k32, M::read_dist_typer, nullptr),                          // GICD_TYPER
    words(0x0008, 4, k32, M::read_dist_iidr, nullptr),                           // GICD_IIDR
    words(0x0010, 4, k32, nullptr, nullptr),                                     // GICD_STATUSR: no reporting
    irqs(0x0080, kIntidLimit, 1, k32, M::read_group, M::write_group),            // GICD_IGROUPR<n>
    irqs(0x0100, kIntidLimit, 1, k32, M::read_enable, M::write_senable),         // GICD_ISENABLER<n>
    irqs(0x0180, kIntidLimit, 1, k32, M::read_enable, M::write_cenable),         // GICD_ICENABLER<n>
    irqs(0x0200, kIntidLimit, 1, k32, M::read_pending, M::write_spending),       // GICD_ISPENDR<n>
    irqs(0x0280, kIntidLimit, 1, k32, M::read_pending, M::write_cpending),       // GICD_ICPENDR<n>
    irqs(0x0300, kIntidLimit, 1, k32, M::read_active, M::write_sactive),         // GICD_ISACTIVER<n>
    irqs(0x0380, kIntidLimit, 1, k32, M::read_active, M::write_cactive),         // GICD_ICACTIVER<n>
    irqs(0x0400, kIntidLimit, 8, k8or32, M::read_priority, M::write_priority),   // GICD_IPRIORITYR<n>
    irqs(0x0c00, kIntidLimit, 2, k32, M::read_config, M::write_config),          // GICD_ICFGR<n>
    words(0x6000, kIntidLimit * 8, k32or64, M::read_irouter, M::write_irouter),  // GICD_IROUTER<n>
    words(0xffd0, 0x30, k32, M::read_idregs, nullptr),                           // GICD_PIDR*, CIDR*
};

constexpr M::Range kRedistributor[] = {
    words(0x0000, 4, k32, nullptr, nullptr),                                            // GICR_CTLR: no LPIs
    words(0x0004, 4, k32, M::read_redist_iidr, nullptr),                                // GICR_IIDR
    words(0x0008, 8, k32or64, M::read_redist_typer, nullptr),                           // GICR_TYPER
    words(0x0010, 4, k32, nullptr, nullptr),                                            // GICR_STATUSR: no reporting
    words(0x0014, 4, k32, M::read_waker, M::write_waker),                               // GICR_WAKER
    words(0xffd0, 0x30, k32, M::read_idregs, nullptr),                                  // GICR_PIDR*, CIDR*
    irqs(0x10080, kVgicNrPrivateIrqs, 1, k32, M::read_group, M::write_group),           // GICR_IGROUPR0
    irqs(0x10100, kVgicNrPrivateIrqs, 1, k32, M::read_enable, M::write_senable),        // GICR_ISENABLER0
    irqs(0x10180, kVgicNrPrivateIrqs, 1, k32, M::read_enable, M::write_cenable),        // GICR_ICENABLER0
    irqs(0x10200, kVgicNrPrivateIrqs, 1, k32, M::read_pending, M::write_spending),      // GICR_ISPENDR0
    irqs(0x10280, kVgicNrPrivateIrqs, 1, k32, M::read_pending, M::write_cpending),      // GICR_ICPENDR0
    irqs(0x10300, kVgicNrPrivateIrqs, 1, k32, M::read_active, M::write_sactive),        // GICR_ISACTIVER0
    irqs(0x10380, kVgicNrPrivateIrqs, 1, k32, M::read_active, M::write_cactive),        // GICR_ICACTIVER0
    irqs(0x10400, kVgicNrPrivateIrqs, 8, k8or32, M::read_priority, M::write_priority),  // GICR_IPRIORITYR<n>
    irqs(0x10c00, kVgicNrPrivateIrqs, 2, k32, M::read_config, M::write_config),         // GICR_ICFGR0, 1
};

// The `len` bytes at `offset` of a 64-bit register.
std::uint64_t part(std::uint64_t value, std::uint64_t offset, unsigned len) {
  const std::uint64_t shifted = value >> (offset % 8 * 8);
  return len == 8 ? shifted : shifted & 0xffffffff;
}

// The row that takes an access of this size and alignment; null: RAZ/WI.
const M::Range* find_range(std::span<const M::Range> table, std::uint64_t offset, unsigned len) {
  for (const M::Range& range : table) {
    if (offset < range.offset || offset + len > range.offset + range.length) continue;
    return (range.sizes & len) != 0 && offset % len == 0 ? &range : nullptr;
  }
  return nullptr;
}

}  // namespace

std::uint64_t VgicMmio::read_dist_ctlr(Access& a) {
  const VgicDist& dist = a.vgic.state_.dist;
  return kCtlrAre | kCtlrDs | (dist.group0_enabled ? kCtlrEnableGrp0 : 0) | (dist.group1_enabled ? kCtlrEnableGrp1 : 0);
}

void VgicMmio::write_dist_ctlr(Access& a, std::uint64_t value) {
  VgicDist& dist = a.vgic.state_.dist;
  dist.group0_enabled = (value & kCtlrEnableGrp0) != 0;
  dist.group1_enabled = (value & kCtlrEnableGrp1) != 0;
  a.vgic.vgic_requeue_all(a.kicks);
}

std::uint64_t VgicMmio::read_dist_typer(Access& a) {
  const std::uint64_t lines = (kVgicNrPrivateIrqs + a.vgic.state_.dist.spis.size()) / 32 - 1;  // ITLinesNumber
  return lines | (kTyperIdBits - 1) << kTyperIdBitsShift | kTyperNo1N;
}

std::uint64_t VgicMmio::read_dist_iidr(Access&) { return kIidrProduct | kIidrRevision3 | kIidrImplementer; }

std::uint64_t VgicMmio::read_irouter(Access& a) {
  const auto intid = static_cast<std::uint32_t>(a.offset / 8);
  const VgicIrq* irq = intid >= kVgicNrPrivateIrqs ? a.vgic.vgic_get_irq(a.vcpu, intid) : nullptr;
  return irq != nullptr ? part(irq->route, a.offset, a.len) : 0;
}

// Aff3 is not implemented (GICD_TYPER.A3V = 0) and 1-of-N routing neither (No1N), so only Aff2..Aff0 are kept. A route
// to no vCPU is legal: the interrupt then waits.
void VgicMmio::write_irouter(Access& a, std::uint64_t value) {
  const auto intid = static_cast<std::uint32_t>(a.offset / 8);
  VgicIrq* irq = intid >= kVgicNrPrivateIrqs ? a.vgic.vgic_get_irq(a.vcpu, intid) : nullptr;
  if (irq == nullptr || a.offset % 8 != 0) return;
  irq->route = static_cast<std::uint32_t>(value & 0xffffff);
  irq->target_vcpu = a.vgic.mpidr_to_vcpu(irq->route);
  a.vgic.vgic_reroute_irq(*irq, a.kicks);
}

std::uint64_t VgicMmio::read_redist_iidr(Access&) { return kIidrProduct | kIidrImplementer; }

std::uint64_t VgicMmio::read_redist_typer(Access& a) {
  const auto& cpus = a.vgic.state_.cpus;
  const std::uint64_t mpidr = cpus[a.vcpu].mpidr.value & kVgicAffinityMask;
  const std::uint64_t affinity = (mpidr & 0xffffff) | (mpidr >> 32 & 0xff) << 24;
  const std::uint64_t last = a.vcpu + 1 == cpus.size() ? kRedistTyperLast : 0;
  return part(affinity << 32 | std::uint64_t{a.vcpu} << kRedistTyperProcessorShift | last, a.offset, a.len);
}

std::uint64_t VgicMmio::read_waker(Access& a) {
  return a.vgic.state_.cpus[a.vcpu].asleep ? kWakerProcessorSleep | kWakerChildrenAsleep : 0;
}

// The handshake completes at once. KVM's redistributor is awake from reset, so that a guest may do without it.
void VgicMmio::write_waker(Access& a, std::uint64_t value) {
  a.vgic.state_.cpus[a.vcpu].asleep = (value & kWakerProcessorSleep) != 0;
  a.vgic.vgic_requeue_all(a.kicks);
}

std::uint64_t VgicMmio::read_idregs(Access& a) { return a.offset == kPidr2Offset ? kPidr2Gicv3 : 0; }

bool Vgic::vgic_mmio(unsigned vcpu, abi::Ipa addr, bool is_write, unsigned len, std::uint64_t& data) {
  const VgicDist& dist = state_.dist;
  if (!dist.ready) return false;
  std::span<const M::Range> table = kDistributor;
  std::uint64_t offset = addr.value - dist.dist_base;
  unsigned owner = vcpu;
  unsigned first_intid = kVgicNrPrivateIrqs;
  if (offset >= kVgicV3DistSize) {
    offset = addr.value - dist.redist_base;
    if (offset >= redist_size()) return false;
    table = kRedistributor;
    owner = static_cast<unsigned>(offset / kVgicV3RedistSize);
    offset %= kVgicV3RedistSize;
    first_intid = 0;
  }
  const M::Range* range = find_range(table, offset, len);
  if (range == nullptr) {
    if (!is_write) data = 0;
    return true;
  }
  Critical critical(*this, is_write ? "vgic_mmio_write" : "vgic_mmio_read");
  M::Access access{*this, critical.kicks, owner, offset - range->offset, len};
  if (is_write) {
    M::write(*range, access, first_intid, data);
  } else {
    data = M::read(*range, access, first_intid);
  }
  return true;
}

}  // namespace host::kvm
