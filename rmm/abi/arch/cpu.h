// SPDX-License-Identifier: GPL-2.0-or-later
// What EL2 software sets before ERET to a lower exception level and what it finds after the next exception.
#pragma once

#include <cstdint>
#include <optional>

#include "rmm/abi/addr.h"

namespace abi {

// Stage 2 translation regime of a realm or VM: what VTTBR_EL2 and VTCR_EL2 say.
struct Stage2 {
  Vmid vmid;
  Pa root;                      // first starting-level table
  std::int8_t start_level = 0;  // 0..3
  std::uint8_t num_start = 1;   // concatenated starting tables
  std::uint8_t ipa_bits = 40;
  // Realm stage 2: a walk is made in the Realm PAS and bit ipa_bits-1 selects the unprotected half, whose output is
  // Non-secure (descriptor NS bit). Plain VM: everything Non-secure.
  bool realm = false;
  constexpr bool operator==(const Stage2&) const = default;
};

struct RunControls {
  Stage2 stage2;
  bool trap_wfi = false;  // HCR_EL2.TWI
  bool trap_wfe = false;  // HCR_EL2.TWE
  // Timers whose asserted output makes an IRQ exception to EL2 (unmasked at the physical GIC).
  bool vtimer_irq = true;
  bool ptimer_irq = true;
  // MDCR_EL2: the event counters that the guest has (HPMN); none: it has no PMU, accesses are trapped (TPM, TPMCR).
  std::optional<std::uint8_t> pmu_counters{};
  bool pmu_irq = true;  // its overflow makes an IRQ exception to EL2
};

enum class ExceptionKind : std::uint8_t { kSync, kIrq, kFiq, kSerror };

// An exception taken to EL2. esr, far and hpfar are ESR_EL2, FAR_EL2 and HPFAR_EL2 of a synchronous exception or
// SError. For EC 0x18 and aborts PC is that of the instruction; for SMC and HVC ditto (hardware sets ELR_EL2 to the
// instruction for a trapped SMC): EL2 software advances PC itself.
struct Exception {
  ExceptionKind kind = ExceptionKind::kSync;
  std::uint64_t esr = 0;
  std::uint64_t far = 0;
  std::uint64_t hpfar = 0;
  std::uint64_t wfx_timeout = 0;  // operand of WFIT and WFET
};

}  // namespace abi
