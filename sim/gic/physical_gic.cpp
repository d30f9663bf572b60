// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/gic/physical_gic.h"

#include <algorithm>
#include <bit>

#include "rmm/abi/arch/gic.h"
#include "sim/gic/gic_priority.h"
#include "sim/gic/icc_registers.h"

namespace sim {
namespace {

constexpr unsigned kFirstPpi = 16, kFirstSpi = 32;
constexpr std::uint64_t kFirstSpecialIntid = 1020;
constexpr std::uint64_t kIntidMask = 0xff'ffff;
constexpr std::uint32_t key_of(abi::SysReg reg) { return static_cast<std::uint32_t>(reg); }
constexpr std::uint64_t kRouterAnyPe = 1ULL << 31;  // GICD_IROUTER.Interrupt_Routing_Mode

}  // namespace

PhysicalGic::PhysicalGic(PhysicalGicState& state, std::span<const abi::Mpidr> pes, unsigned spis)
    : state_(state), pes_(pes.begin(), pes.end()) {
  state_.spis.resize(spis / 32);
  state_.router.resize(spis);
  state_.pes.resize(pes_.size());
  reset();
}

void PhysicalGic::reset_cpu_interface(unsigned pe) {
  GicPeState& state = state_.pes[pe];
  state.group1_enabled = state.eoi_mode = false;
  state.pmr = gic::kIdleMask;
  state.bpr1 = gic::kMinBpr1;
  state.active_priorities = 0;
}

void PhysicalGic::reset() {
  GicBank bank;
  bank.priority.fill(gic::kHighestNonSecure);
  state_.group1_enabled = false;
  std::fill(state_.spis.begin(), state_.spis.end(), bank);
  std::fill(state_.router.begin(), state_.router.end(), pes_.front().value);
  bank.edge = 0xffff;  // SGIs
  for (unsigned pe = 0; pe < state_.pes.size(); ++pe) {
    state_.pes[pe].bank = bank;
    reset_cpu_interface(pe);
  }
}

GicBank* PhysicalGic::bank_of(unsigned pe, unsigned intid) {
  if (intid < kFirstSpi) return &state_.pes[pe].bank;
  const std::size_t bank = intid / 32 - 1;
  return bank < state_.spis.size() ? &state_.spis[bank] : nullptr;
}

namespace {

void set_line(GicBank& bank, unsigned intid, bool level) {
  const std::uint32_t bit = 1U << (intid % 32);
  if (level && (bank.line & bit) == 0) bank.latch |= bank.edge & bit;
  bank.line = level ? bank.line | bit : bank.line & ~bit;
}

}  // namespace

void PhysicalGic::set_ppi(unsigned pe, unsigned intid, bool level) {
  if (intid >= kFirstPpi && intid < kFirstSpi) set_line(state_.pes[pe].bank, intid, level);
}

void PhysicalGic::set_spi(unsigned intid, bool level) {
  if (GicBank* bank = intid < kFirstSpi ? nullptr : bank_of(0, intid)) set_line(*bank, intid, level);
}

// IHI 0069, GICD_IROUTER<n>.Interrupt_Routing_Mode: an interrupt for any PE goes to one participating PE: here the
// first whose CPU interface takes group 1.
bool PhysicalGic::targets(std::uint64_t router, unsigned pe) const {
  if ((router & kRouterAnyPe) == 0) return router == pes_[pe].value;
  const auto first =
      std::find_if(state_.pes.begin(), state_.pes.end(), [](const GicPeState& p) { return p.group1_enabled; });
  return first - state_.pes.begin() == static_cast<std::ptrdiff_t>(pe);
}

std::uint32_t PhysicalGic::routed(unsigned pe, std::size_t bank, std::uint32_t candidates) const {
  std::uint32_t to_pe = 0;
  for (std::uint32_t rest = candidates; rest != 0; rest &= rest - 1) {
    const auto bit = static_cast<unsigned>(std::countr_zero(rest));
    if (targets(state_.router[32 * bank + bit], pe)) to_pe |= 1U << bit;
  }
  return to_pe;
}

std::optional<PhysicalGic::Pending> PhysicalGic::highest_pending(unsigned pe) const {
  if (!state_.group1_enabled || !state_.pes[pe].group1_enabled) return std::nullopt;
  std::optional<Pending> best;
  const auto consider = [&best](const GicBank& bank, unsigned first_intid, std::uint32_t candidates) {
    for (; candidates != 0; candidates &= candidates - 1) {
      const auto bit = static_cast<unsigned>(std::countr_zero(candidates));
      if (!best || bank.priority[bit] < best->priority) best = Pending{first_intid + bit, bank.priority[bit]};
    }
  };
  const GicBank& own = state_.pes[pe].bank;
  consider(own, 0, own.pending() & own.enabled & ~own.active);
  for (std::size_t i = 0; i < state_.spis.size(); ++i) {
    const GicBank& bank = state_.spis[i];
    const std::uint32_t candidates = bank.pending() & bank.enabled & ~bank.active;
    if (candidates != 0) consider(bank, static_cast<unsigned>(kFirstSpi + 32 * i), routed(pe, i, candidates));
  }
  return best;
}

bool PhysicalGic::signals(const GicPeState& pe, unsigned priority) const {
  return priority < pe.pmr && (priority & gic::group_mask(pe.bpr1)) < gic::running_priority(pe.active_priorities);
}

bool PhysicalGic::irq_pending(unsigned pe) const {
  const auto pending = highest_pending(pe);
  return pending && signals(state_.pes[pe], pending->priority);
}

bool PhysicalGic::ppi_would_signal(unsigned pe, unsigned intid) const {
  const GicPeState& state = state_.pes[pe];
  const std::uint32_t bit = 1U << (intid % 32);
  return state_.group1_enabled && state.group1_enabled && (state.bank.enabled & ~state.bank.active & bit) != 0 &&
         signals(state, state.bank.priority[intid % 32]);
}

std::uint64_t PhysicalGic::acknowledge(unsigned pe) {
  GicPeState& state = state_.pes[pe];
  const auto pending = highest_pending(pe);
  if (!pending || !signals(state, pending->priority)) return abi::gic::kSpurious;
  GicBank& bank = *bank_of(pe, pending->intid);
  const std::uint32_t bit = 1U << (pending->intid % 32);
  bank.latch &= ~bit;
  bank.active |= bit;
  state.active_priorities |= gic::active_bit(pending->priority & gic::group_mask(state.bpr1));
  return pending->intid;
}

void PhysicalGic::end_of_interrupt(unsigned pe, std::uint64_t intid) {
  GicPeState& state = state_.pes[pe];
  if (intid >= kFirstSpecialIntid) return;
  // CONSTRAINED UNPREDICTABLE: an EOI without an active priority. As allowed, nothing happens.
  if (state.active_priorities == 0) return;
  state.active_priorities &= state.active_priorities - 1;
  if (!state.eoi_mode) deactivate(pe, intid);
}

void PhysicalGic::deactivate(unsigned pe, std::uint64_t intid) {
  if (intid >= kFirstSpecialIntid) return;
  if (GicBank* bank = bank_of(pe, static_cast<unsigned>(intid))) bank->active &= ~(1U << (intid % 32));
}

// IHI 0069, ICC_SGI1R_EL1. Ranges of targets (RS) other than the first are not supported.
void PhysicalGic::generate_sgi(unsigned from, std::uint64_t value) {
  const std::uint32_t bit = 1U << ((value >> 24) & 0xf);
  const bool all_others = (value >> 40 & 1) != 0;
  const std::uint64_t cluster =
      (value >> 48 & 0xff) << 32 | (value >> 32 & 0xff) << 16 | (value >> 16 & 0xff) << 8;  // Aff3, Aff2, Aff1
  for (unsigned pe = 0; pe < pes_.size(); ++pe) {
    const std::uint64_t affinity = pes_[pe].value;
    const std::uint64_t aff0 = affinity & 0xff;
    const bool listed =
        (affinity & ~0xffULL) == cluster && aff0 < 16 && (value >> aff0 & 1) != 0 && (value >> 44 & 0xf) == 0;
    if (all_others ? pe != from : listed) state_.pes[pe].bank.latch |= bit;
  }
}

bool PhysicalGic::read_register(unsigned pe, std::uint32_t key, std::uint64_t& value) {
  const GicPeState& state = state_.pes[pe];
  switch (key) {
    case key_of(icc::kIar1): value = acknowledge(pe); return true;
    case key_of(icc::kHppir1): {
      const auto pending = highest_pending(pe);
      value = pending ? pending->intid : abi::gic::kSpurious;
      return true;
    }
    case key_of(icc::kPmr): value = gic::priority_to_non_secure(state.pmr); return true;
    case key_of(icc::kRpr): {
      const unsigned running = gic::running_priority(state.active_priorities);
      value = running == gic::kIdle ? gic::kIdle : gic::priority_to_non_secure(running);
      return true;
    }
    case key_of(icc::kBpr1): value = state.bpr1; return true;
    case key_of(icc::kAp1r0): value = state.active_priorities; return true;
    case key_of(icc::kCtlr):
      value = gic::kCtlrA3v | (abi::gic::kPriorityBits - 1) << gic::kCtlrPriBitsShift |
              (state.eoi_mode ? gic::kCtlrEoiMode : 0);
      return true;
    case key_of(icc::kIgrpen1): value = state.group1_enabled ? 1 : 0; return true;
    case key_of(icc::kSre): value = gic::kSreEl1; return true;
    case key_of(icc::kSreEl2): value = gic::kSreEl2; return true;
    default: return false;
  }
}

bool PhysicalGic::write_register(unsigned pe, std::uint32_t key, std::uint64_t value) {
  GicPeState& state = state_.pes[pe];
  switch (key) {
    case key_of(icc::kEoir1): end_of_interrupt(pe, value & kIntidMask); return true;
    case key_of(icc::kDir):
      // CONSTRAINED UNPREDICTABLE with EOImode 0: ignored.
      if (state.eoi_mode) deactivate(pe, value & kIntidMask);
      return true;
    case key_of(icc::kPmr):
      // A mask in Secure software's half is out of reach.
      if (state.pmr >= gic::kHighestNonSecure) state.pmr = gic::priority_from_non_secure(value);
      return true;
    case key_of(icc::kBpr1):
      state.bpr1 = static_cast<std::uint8_t>(std::max<std::uint64_t>(value & 7, gic::kMinBpr1));
      return true;
    case key_of(icc::kAp1r0):
      state.active_priorities = static_cast<std::uint32_t>(value) & gic::kNonSecureActive;
      return true;
    case key_of(icc::kCtlr): state.eoi_mode = (value & gic::kCtlrEoiMode) != 0; return true;
    case key_of(icc::kIgrpen1): state.group1_enabled = (value & 1) != 0; return true;
    case key_of(icc::kSgi1r): generate_sgi(pe, value); return true;
    case key_of(icc::kAsgi1r):  // for the Secure world, which has no interrupts here
    case key_of(icc::kSre):     // system registers only: all writable bits are RAO/WI
    case key_of(icc::kSreEl2): return true;
    default: return false;
  }
}

}  // namespace sim
