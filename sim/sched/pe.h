// SPDX-License-Identifier: GPL-2.0-or-later
// A physical PE: its pending interrupt and its virtual CPU interface registers.
#pragma once

#include <cstdint>
#include <functional>
#include <tuple>
#include <utility>

#include "rmm/abi/arch/gic.h"
#include "rmm/port/pe.h"

namespace sim {

inline constexpr std::uint8_t kHostIrqPriority = 0xa0;  // what Linux gives every interrupt

struct PeState {
  std::uint16_t id = 0;
  bool irq_pending = false;  // an IPI of the host
  // ICC_PMR_EL1 of the host: an interrupt is signalled to the PE if its priority is higher (a lower number). The
  // monitor never changes it (DEN0137 1.0-rel0 A6.1). The host here masks by PSTATE alone and leaves it open.
  std::uint8_t icc_pmr = 0xff;
  abi::gic::IchState ich;
  auto members() { return std::tie(id, irq_pending, icc_pmr, ich); }
};

class Pe : public rmm::port::Pe {
 public:
  explicit Pe(PeState& state) : state_(state) {}

  rmm::port::PeId id() const override { return {state_.id}; }
  bool irq_pending() const override {
    return irq_source_ ? irq_source_() : state_.irq_pending && kHostIrqPriority < state_.icc_pmr;
  }
  bool fiq_pending() const override { return false; }  // no Secure world: nothing raises a physical FIQ
  abi::gic::IchState& ich() override { return state_.ich; }
  std::uint64_t ich_misr() const override;
  // An interrupt controller signals this PE's interrupts: the native host's IPIs mean nothing any more.
  void set_irq_source(std::function<bool()> source) { irq_source_ = std::move(source); }

 private:
  PeState& state_;
  std::function<bool()> irq_source_;
};

}  // namespace sim
