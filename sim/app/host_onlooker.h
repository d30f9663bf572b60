// SPDX-License-Identifier: GPL-2.0-or-later
// Stands between the host and the machine and sees what the host could see, whether it looks or not: after each SMC all
// result registers, the PE's virtual CPU interface, the whole of each Non-secure granule that the call named (run page
// and granules that were given back, padding included) and virtual time; whatever the host reads; at the end all of
// Non-secure memory.
#pragma once

#include "host/port/ns_memory.h"
#include "host/port/smc.h"
#include "rmm/port/clock.h"
#include "rmm/port/pe.h"
#include "sim/app/observation.h"
#include "sim/mem/dram.h"
#include "sim/mem/gpt.h"

namespace sim::app {

class HostOnlooker : public host::port::SmcConduit, public host::port::NsMemory {
 public:
  struct Hardware {
    const Dram& dram;
    const Gpt& gpt;
    const rmm::port::Clock& clock;
    std::function<rmm::port::Pe&()> current_pe;
  };
  HostOnlooker(host::port::SmcConduit& firmware, host::port::NsMemory& memory, Hardware hardware, ObservationLog& log)
      : firmware_(firmware), memory_(memory), hardware_(std::move(hardware)), log_(log) {}

  // Every Non-secure granule that was ever written.
  void look_at_memory();

  abi::SmcRegs smc(const abi::SmcRegs& in) override;

  std::span<const host::port::MemoryBank> banks() const override { return memory_.banks(); }
  tl::expected<void, host::port::GranuleProtectionFault> read(abi::Pa pa, std::span<std::byte> out) override;
  tl::expected<void, host::port::GranuleProtectionFault> write(abi::Pa pa, std::span<const std::byte> in) override {
    return memory_.write(pa, in);
  }
  tl::expected<void, host::port::GranuleProtectionFault> zero(abi::GranulePa granule) override {
    return memory_.zero(granule);
  }

 private:
  bool is_visible(abi::GranulePa granule) const;
  void see_granule(Observation& observation, SightKind kind, abi::GranulePa granule) const;

  host::port::SmcConduit& firmware_;
  host::port::NsMemory& memory_;
  Hardware hardware_;
  ObservationLog& log_;
  Observation observation_;
};

}  // namespace sim::app
