// SPDX-License-Identifier: GPL-2.0-or-later
// The memory-mapped registers of the physical GIC as Non-secure software sees them with affinity routing (IHI 0069,
// chapter 12).
#include <array>

#include "sim/gic/gic_priority.h"
#include "sim/gic/physical_gic.h"

namespace sim {
namespace {

enum Offset : std::uint64_t {
  // The same in the distributor and in SGI_base of a redistributor.
  kIgroupr = 0x080,
  kIsenabler = 0x100,
  kIcenabler = 0x180,
  kIspendr = 0x200,
  kIcpendr = 0x280,
  kIsactiver = 0x300,
  kIcactiver = 0x380,
  kIpriorityr = 0x400,
  kItargetsr = 0x800,
  kIcfgr = 0xc00,
  kIgrpmodr = 0xd00,
  // The distributor's.
  kGicdCtlr = 0x0,
  kGicdTyper = 0x4,
  kGicdIidr = 0x8,
  kGicdIrouter = 0x6000,
  kGicdIrouterEnd = 0x8000,
  // RD_base of a redistributor.
  kGicrIidr = 0x4,
  kGicrTyper = 0x8,
  kIds = 0xffd0,
};

constexpr std::uint64_t kSgiBase = 0x10000;

constexpr std::uint32_t kCtlrEnableGrp1A = 1U << 1, kCtlrAreNs = 1U << 4;
constexpr std::uint32_t kTyperSecurityExtn = 1U << 10, kTyperIdBits10 = 9U << 19, kTyperA3v = 1U << 24;
constexpr std::uint32_t kImplementer = 0x43b;  // GICD_IIDR: Arm; ProductID, Variant and Revision 0
constexpr std::uint64_t kRouterMask = 0xff'80ff'ffff;

// GICD_PIDR4 to 7, PIDR0 to 3, CIDR0 to 3: a GICv3 of Arm with frames of 64 KiB; PIDR0 names the frame's part.
constexpr std::uint32_t id_register(std::uint64_t offset, std::uint8_t part) {
  constexpr std::array<std::uint8_t, 12> kValues{0x44, 0, 0, 0, 0, 0xb4, 0x3b, 0, 0x0d, 0xf0, 0x05, 0xb1};
  const std::uint64_t index = (offset - kIds) / 4;
  return index == 4 ? part : kValues[index];
}
constexpr std::uint8_t kDistributorPart = 0x92, kRedistributorPart = 0x93;

// Which bank of 32 a register with a field per interrupt is about: 0 is SGIs and PPIs.
constexpr std::uint64_t bank_index(std::uint64_t offset) {
  if (offset < kIpriorityr) return (offset & 0x7f) / 4;
  if (offset < kItargetsr) return (offset - kIpriorityr) / 32;
  return (offset - kIcfgr) / 8;
}
constexpr bool in_bank(std::uint64_t offset) {
  return (offset >= kIgroupr && offset < kItargetsr) || (offset >= kIcfgr && offset < kIgrpmodr);
}
constexpr bool is_priority(std::uint64_t offset) { return offset >= kIpriorityr && offset < kItargetsr; }

// ICFGR: two bits for each of 16 interrupts, the upper one says "edge-triggered".
std::uint32_t read_config(std::uint32_t edge, bool upper) {
  std::uint32_t value = 0;
  for (unsigned i = 0; i < 16; ++i) value |= (edge >> (i + (upper ? 16 : 0)) & 1) << (2 * i + 1);
  return value;
}
std::uint32_t write_config(std::uint32_t edge, bool upper, std::uint32_t value) {
  for (unsigned i = 0; i < 16; ++i) {
    const std::uint32_t bit = 1U << (i + (upper ? 16 : 0));
    edge = (value >> (2 * i + 1) & 1) != 0 ? edge | bit : edge & ~bit;
  }
  return edge;
}

std::uint32_t read_bank(const GicBank& bank, std::uint64_t offset) {
  if (is_priority(offset)) {
    std::uint32_t value = 0;
    for (unsigned i = 0; i < 4; ++i)
      value |= static_cast<std::uint32_t>(gic::priority_to_non_secure(bank.priority[offset % 32 + i])) << (8 * i);
    return value;
  }
  if (offset >= kIcfgr) return read_config(bank.edge, (offset & 4) != 0);
  switch (offset & ~0x7fULL) {
    case kIsenabler:
    case kIcenabler: return bank.enabled;
    case kIspendr:
    case kIcpendr: return bank.pending();
    case kIsactiver:
    case kIcactiver: return bank.active;
    default: return 0;  // IGROUPR: RAZ/WI for Non-secure software
  }
}

void write_bank(GicBank& bank, std::uint64_t offset, std::uint32_t mask, std::uint32_t value) {
  if (is_priority(offset)) {
    for (unsigned i = 0; i < 4; ++i)
      if ((mask >> (8 * i) & 0xff) != 0)
        bank.priority[offset % 32 + i] = gic::priority_from_non_secure(value >> (8 * i) & 0xff);
    return;
  }
  if (offset >= kIcfgr) {
    bank.edge = write_config(bank.edge, (offset & 4) != 0, value);
    return;
  }
  switch (offset & ~0x7fULL) {
    case kIsenabler: bank.enabled |= value; break;
    case kIcenabler: bank.enabled &= ~value; break;
    case kIspendr: bank.latch |= value; break;
    case kIcpendr: bank.latch &= ~value; break;
    case kIsactiver: bank.active |= value; break;
    case kIcactiver: bank.active &= ~value; break;
    default: break;
  }
}

// Registers are words; IPRIORITYR can be reached by bytes too, and some registers are doublewords. Other accesses are
// UNPREDICTABLE: RAZ/WI.
template <class Frame>
std::uint64_t read_frame(const Frame& frame, std::uint64_t offset, unsigned size, bool doubleword, bool bytes) {
  if (offset % size != 0) return 0;
  if (size == 4) return frame.read_word(offset);
  if (size == 8 && doubleword)
    return frame.read_word(offset) | static_cast<std::uint64_t>(frame.read_word(offset + 4)) << 32;
  if (size == 1 && bytes) return frame.read_word(offset & ~3ULL) >> (8 * (offset & 3)) & 0xff;
  return 0;
}

template <class Frame>
void write_frame(Frame& frame, std::uint64_t offset, unsigned size, std::uint64_t value, bool doubleword, bool bytes) {
  if (offset % size != 0) return;
  const auto low = static_cast<std::uint32_t>(value);
  if (size == 4) {
    frame.write_word(offset, ~0U, low);
  } else if (size == 8 && doubleword) {
    frame.write_word(offset, ~0U, low);
    frame.write_word(offset + 4, ~0U, static_cast<std::uint32_t>(value >> 32));
  } else if (size == 1 && bytes) {
    const unsigned shift = 8 * (offset & 3);
    frame.write_word(offset & ~3ULL, 0xffU << shift, low << shift);
  }
}

constexpr bool is_router(std::uint64_t offset) { return offset >= kGicdIrouter && offset < kGicdIrouterEnd; }

}  // namespace

std::uint64_t PhysicalGic::Distributor::read(std::uint64_t offset, unsigned size) {
  return read_frame(*this, offset, size, is_router(offset), is_priority(offset));
}

void PhysicalGic::Distributor::write(std::uint64_t offset, unsigned size, std::uint64_t value) {
  write_frame(*this, offset, size, value, is_router(offset), is_priority(offset));
}

std::uint32_t PhysicalGic::Distributor::read_word(std::uint64_t offset) const {
  const PhysicalGicState& state = owner.state_;
  if (in_bank(offset)) {
    const std::uint64_t index = bank_index(offset);  // bank 0 is in the redistributors
    return index >= 1 && index <= state.spis.size() ? read_bank(state.spis[index - 1], offset) : 0;
  }
  if (is_router(offset)) {
    const std::uint64_t intid = (offset - kGicdIrouter) / 8;
    if (intid < 32 || intid - 32 >= state.router.size()) return 0;
    return static_cast<std::uint32_t>(state.router[intid - 32] >> ((offset & 4) != 0 ? 32 : 0));
  }
  if (offset >= kIds) return id_register(offset, kDistributorPart);
  switch (offset) {
    case kGicdCtlr: return kCtlrAreNs | (state.group1_enabled ? kCtlrEnableGrp1A : 0);
    case kGicdTyper:
      return static_cast<std::uint32_t>(state.spis.size()) | kTyperSecurityExtn | kTyperIdBits10 | kTyperA3v;
    case kGicdIidr: return kImplementer;
    default: return 0;
  }
}

void PhysicalGic::Distributor::write_word(std::uint64_t offset, std::uint32_t mask, std::uint32_t value) {
  PhysicalGicState& state = owner.state_;
  if (in_bank(offset)) {
    const std::uint64_t index = bank_index(offset);
    if (index >= 1 && index <= state.spis.size()) write_bank(state.spis[index - 1], offset, mask, value);
  } else if (is_router(offset)) {
    const std::uint64_t intid = (offset - kGicdIrouter) / 8;
    if (intid < 32 || intid - 32 >= state.router.size()) return;
    const unsigned shift = (offset & 4) != 0 ? 32 : 0;
    std::uint64_t& router = state.router[intid - 32];
    router = ((router & ~(0xffff'ffffULL << shift)) | static_cast<std::uint64_t>(value) << shift) & kRouterMask;
  } else if (offset == kGicdCtlr) {
    state.group1_enabled = (value & kCtlrEnableGrp1A) != 0;
  }
}

std::uint64_t PhysicalGic::Redistributors::read(std::uint64_t offset, unsigned size) {
  const std::uint64_t within = offset % kRedistributorSize;
  return read_frame(*this, offset, size, within == kGicrTyper, within >= kSgiBase && is_priority(within - kSgiBase));
}

void PhysicalGic::Redistributors::write(std::uint64_t offset, unsigned size, std::uint64_t value) {
  const std::uint64_t within = offset % kRedistributorSize;
  write_frame(*this, offset, size, value, false, within >= kSgiBase && is_priority(within - kSgiBase));
}

// The affinity as Aff3.Aff2.Aff1.Aff0, the PE's number, and whether this is the last redistributor.
std::uint64_t PhysicalGic::Redistributors::type(unsigned pe) const {
  const std::uint64_t mpidr = owner.pes_[pe].value;
  const std::uint64_t affinity = (mpidr >> 32 & 0xff) << 24 | (mpidr & 0xff'ffff);
  const bool last = pe + 1 == owner.pes_.size();
  return affinity << 32 | static_cast<std::uint64_t>(pe) << 8 | (last ? 1U << 4 : 0);
}

std::uint32_t PhysicalGic::Redistributors::read_word(std::uint64_t offset) const {
  const auto pe = static_cast<unsigned>(offset / kRedistributorSize);
  const std::uint64_t within = offset % kRedistributorSize;
  if (within >= kSgiBase) {
    const std::uint64_t at = within - kSgiBase;
    return in_bank(at) && bank_index(at) == 0 ? read_bank(owner.state_.pes[pe].bank, at) : 0;
  }
  if (within >= kIds) return id_register(within, kRedistributorPart);
  switch (within) {
    case kGicrIidr: return kImplementer;
    case kGicrTyper: return static_cast<std::uint32_t>(type(pe));
    case kGicrTyper + 4: return static_cast<std::uint32_t>(type(pe) >> 32);
    default: return 0;  // GICR_CTLR: no LPIs; GICR_WAKER: RAZ/WI for Non-secure software
  }
}

void PhysicalGic::Redistributors::write_word(std::uint64_t offset, std::uint32_t mask, std::uint32_t value) {
  const auto pe = static_cast<unsigned>(offset / kRedistributorSize);
  const std::uint64_t within = offset % kRedistributorSize;
  if (within < kSgiBase) return;
  const std::uint64_t at = within - kSgiBase;
  if (!in_bank(at) || bank_index(at) != 0 || at == kIcfgr) return;  // GICR_ICFGR0: SGIs are edge-triggered
  write_bank(owner.state_.pes[pe].bank, at, mask, value);
}

}  // namespace sim
