// SPDX-License-Identifier: GPL-2.0-or-later
// CPU models and what of their engine's features exists in the simulated hardware, whatever a monitor or hypervisor
// lets its guests see.
#pragma once

#include <cstdint>
#include <optional>

#include "rmm/abi/arch/sysreg.h"
#include "sim/timer/generic_timer.h"

namespace sim {

enum class CpuModel : std::uint8_t { kCortexA72, kMax };

// The Performance Monitors of a PE.
struct PmuModel {
  bool present = false;
  std::uint8_t counters = 0;   // event counters, at most 31
  bool long_counters = false;  // PMUv3p5, else PMUv3
};

struct CpuConfig {
  CpuModel model = CpuModel::kCortexA72;
  bool pointer_authentication = false;  // kMax only; costs about half the speed of Linux
  Counter counter{};
  std::optional<std::uint8_t> pmu_counters{};  // none: no PMU

  PmuModel pmu() const;
};

// True iff `key` names an ID register trapped by HCR_EL2.TID3 (group 3).
constexpr bool is_id_register(std::uint32_t key) {
  return key >= abi::sysreg_key(3, 0, 0, 1, 0) && key <= abi::sysreg_key(3, 0, 0, 7, 7);
}

// The value of an ID register as the hardware has it, from the engine's own value: without SVE (an access would abort
// the engine library) and RNDR (host entropy), without pointer authentication unless configured. CSV2 and CSV3 say that
// no speculation side channel exists.
std::uint64_t hardware_id_value(const CpuConfig& config, std::uint32_t key, std::uint64_t engine_value);

}  // namespace sim
