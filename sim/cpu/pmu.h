// SPDX-License-Identifier: GPL-2.0-or-later
// The Performance Monitors Extension of one CPU context (Arm ARM D13): its registers as a value, and counting. What
// happens is told from outside: a cycle is an instruction or an exception, so that counts follow from the instructions
// executed alone. PMUv3, or PMUv3p5 with 64-bit event counters.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <tuple>

#include "rmm/abi/arch/pmu.h"
#include "sim/cpu/cpu_model.h"

namespace sim {

// Where the context executes, and what EL2 grants to it (MDCR_EL2).
struct PmuPlace {
  unsigned el = 1;        // 0 to 2
  bool realm = false;     // Realm security state, else Non-secure
  std::uint8_t hpmn = 0;  // event counters of EL1 and EL0; the others are EL2's
  bool hpme = false;      // those of EL2 are enabled
  bool hlp = false;       // and 64 bits wide
  bool hpmd = false;      // EL1's don't count at EL2
  bool hccd = false;      // the cycle counter doesn't count at EL2
};

struct Pmu {
  std::uint64_t control = 0;                                         // PMCR_EL0: E, D, X, DP, LC, LP
  std::uint64_t enabled = 0, interrupt_enabled = 0, overflowed = 0;  // PMCNTEN, PMINTEN, PMOVS
  std::uint64_t selected = 0;                                        // PMSELR_EL0
  std::uint64_t user_enable = 0;                                     // PMUSERENR_EL0
  std::uint64_t cycle_count = 0, cycle_filter = 0;
  std::uint64_t divided = 0;  // cycles of the clock divider (PMCR_EL0.D) that have not made a count yet
  std::array<std::uint64_t, abi::pmu::kMaxCounters> counts{}, types{};
  auto members() {
    return std::tie(control, enabled, interrupt_enabled, overflowed, selected, user_enable, cycle_count, cycle_filter,
                    divided, counts, types);
  }

  // True iff `key` (abi::sysreg_key) names a register of the extension.
  static bool owns(std::uint32_t key);
  // Whether EL0 may make the access (PMUSERENR_EL0); EL1 may make all.
  bool permits_el0(std::uint32_t key, bool is_read) const;

  // MRS and MSR at place.el. Precondition: owns(key). Counters that the place doesn't have read as zero and ignore
  // writes, one of the behaviours that the architecture leaves open. False: there is no such access (a write-only
  // register is read, a read-only one written).
  bool read(std::uint32_t key, const PmuModel& model, const PmuPlace& place, std::uint64_t& value) const;
  bool write(std::uint32_t key, const PmuModel& model, const PmuPlace& place, std::uint64_t value);

  // Some counter may count.
  bool active(const PmuPlace& place) const { return enabled != 0 && ((control & abi::pmu::kPmcrE) != 0 || place.hpme); }
  // `cycles` and `instructions` have passed at `place`.
  void count(const PmuModel& model, const PmuPlace& place, std::uint64_t cycles, std::uint64_t instructions);
  // Instructions at `place` after which a counter overflows whose overflow interrupts; nullopt: none does.
  std::optional<std::uint64_t> deadline(const PmuModel& model, const PmuPlace& place) const;
  // Other counters count at exception level `el` than at place.el.
  bool differs_at(const PmuModel& model, const PmuPlace& place, unsigned el) const;
  // Level of the overflow interrupt request.
  bool interrupt(const PmuPlace& place) const;

 private:
  bool event_counts(const PmuModel& model, const PmuPlace& place, unsigned n) const;
  bool cycles_count(const PmuPlace& place) const;
  bool is_long(const PmuModel& model, const PmuPlace& place, unsigned n) const;
  std::uint64_t counting(const PmuModel& model, const PmuPlace& place) const;
  // Returns the number of overflows.
  std::uint64_t add(const PmuModel& model, const PmuPlace& place, unsigned n, std::uint64_t events);
  void add_event(const PmuModel& model, const PmuPlace& place, unsigned n, std::uint64_t events);
  void write_control(const PmuModel& model, const PmuPlace& place, std::uint64_t value);
};

}  // namespace sim
