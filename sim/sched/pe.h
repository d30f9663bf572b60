// SPDX-License-Identifier: GPL-2.0-or-later
// A physical PE: its pending interrupt and its virtual CPU interface registers.
#pragma once

#include <cstdint>
#include <tuple>

#include "rmm/abi/arch/gic.h"
#include "rmm/port/pe.h"

namespace sim {

struct PeState {
  std::uint16_t id = 0;
  bool irq_pending = false;  // an IPI of the host
  abi::gic::IchState ich;
  auto members() { return std::tie(id, irq_pending, ich); }
};

class Pe : public rmm::port::Pe {
 public:
  explicit Pe(PeState& state) : state_(state) {}

  rmm::port::PeId id() const override { return {state_.id}; }
  bool irq_pending() const override { return state_.irq_pending; }
  bool fiq_pending() const override { return false; }  // no Secure world: nothing raises a physical FIQ
  abi::gic::IchState& ich() override { return state_.ich; }
  std::uint64_t ich_misr() const override;

 private:
  PeState& state_;
};

}  // namespace sim
