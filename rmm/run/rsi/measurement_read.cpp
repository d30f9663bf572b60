// SPDX-License-Identifier: GPL-2.0-or-later
// RSI_MEASUREMENT_READ (B5.3.8).
#include <cstring>

#include "rmm/abi/v1_0/function_ids.h"
#include "rmm/core/granule_locks.h"
#include "rmm/run/realm_memory.h"
#include "rmm/run/rsi/rsi.h"

namespace rmm::run::rsi {
namespace {

constexpr call::Parameter kIn[] = {{"index", 1}};
constexpr call::Parameter kOut[] = {{"value_0", 1}, {"value_1", 2}, {"value_2", 3}, {"value_3", 4},
                                    {"value_4", 5}, {"value_5", 6}, {"value_6", 7}, {"value_7", 8}};
constexpr call::Condition kConditions[] = {{"index_bound", kErrorInput, "the index is above 4", "index"}};

}  // namespace

constexpr call::Command kMeasurementRead{.interface = port::Interface::kRsi,
                                         .name = "RSI_MEASUREMENT_READ",
                                         .fid = abi::v1_0::kRsiMeasurementRead,
                                         .in = kIn,
                                         .out = kOut,
                                         .conditions = kConditions,
                                         .effect = "Returns the RIM (index 0) or a REM, zero padded to 64 bytes."};

Next measurement_read(Context& c, const abi::SmcRegs& regs) {
  call::Call<kMeasurementRead> call(c.environment, c.pe, regs, c.rec_pa());
  const std::uint64_t index = call.in<"index">();
  if (call.fails<"index_bound">(index > core::kNumRem)) return answer(c, call, call.failed());
  std::array<std::uint64_t, core::kMaxMeasurement / sizeof(std::uint64_t)> words{};
  {
    const core::GranuleLocks rd(core_context(c), {{c.rec.owner, core::GranuleState::kRd}}, "measurement_read");
    std::memcpy(words.data(), c.realm.measurements.at(index).data(), core::kMaxMeasurement);
  }
  return answer(c, call, std::apply([&call](auto... values) { return call.done(values...); }, words));
}

}  // namespace rmm::run::rsi
