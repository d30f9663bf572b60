// SPDX-License-Identifier: GPL-2.0-or-later
// RSI_MEASUREMENT_EXTEND (B5.3.7, B3.42, D8).
#include <span>

#include "rmm/abi/v1_0/function_ids.h"
#include "rmm/core/granule_locks.h"
#include "rmm/core/measurement.h"
#include "rmm/run/realm_memory.h"
#include "rmm/run/rsi/rsi.h"

namespace rmm::run::rsi {
namespace {

constexpr call::Parameter kIn[] = {{"index", 1},   {"size", 2},    {"value_0", 3}, {"value_1", 4}, {"value_2", 5},
                                   {"value_3", 6}, {"value_4", 7}, {"value_5", 8}, {"value_6", 9}, {"value_7", 10}};
constexpr unsigned kFirstValue = 3;  // X3
constexpr call::Condition kConditions[] = {
    {"index_bound", kErrorInput, "the index is not 1, 2, 3 or 4: the RIM cannot be extended", "index"},
    {"size_bound", kErrorInput, "the size is above 64 bytes", "size"},
};

}  // namespace

constexpr call::Command kMeasurementExtend{.interface = port::Interface::kRsi,
                                           .name = "RSI_MEASUREMENT_EXTEND",
                                           .fid = abi::v1_0::kRsiMeasurementExtend,
                                           .in = kIn,
                                           .conditions = kConditions,
                                           .effect = "REM[index] becomes the hash of itself and the value."};

Next measurement_extend(Context& c, const abi::SmcRegs& regs) {
  call::Call<kMeasurementExtend> call(c.environment, c.pe, regs, c.rec_pa());
  const std::uint64_t index = call.in<"index">();
  const std::uint64_t size = call.in<"size">();
  if (call.fails<"index_bound">(index < 1 || index > core::kNumRem)) return answer(c, call, call.failed());
  if (call.fails<"size_bound">(size > core::kMaxMeasurement)) return answer(c, call, call.failed());
  {
    const core::GranuleLocks rd(core_context(c), {{c.rec.owner, core::GranuleState::kRd}}, "measurement_extend");
    // Doublewords in registers are the value's bytes in little endian order.
    const auto words = std::span(regs.x).subspan<kFirstValue, core::kMaxMeasurement / sizeof(std::uint64_t)>();
    core::extend_rem(c.realm, static_cast<unsigned>(index), std::as_bytes(words).first(size));
  }
  return answer(c, call, call.done());
}

}  // namespace rmm::run::rsi
