// SPDX-License-Identifier: GPL-2.0-or-later
// A dispatcher of 2.0-bet1 beside the monitor of 1.0 on one fake platform and one state: 1.0 makes what 2.0 has no
// command for yet.
#pragma once

#include <string>

#include "rmm/abi/v2_0/address_range.h"
#include "rmm/abi/v2_0/function_ids.h"
#include "rmm/v2_0/dispatcher.h"
#include "tests/rmm/rmi_bench.h"

namespace v2 {

using abi::v2_0::AddressRange;
using abi::v2_0::RmiResult;
using abi::v2_0::RmiStatus;

struct Answer {
  RmiResult result;
  std::array<std::uint64_t, 18> x;
  std::string condition;
  bool ok() const { return x[0] == 0; }
};

class Bench : public rmi::Bench {
 public:
  explicit Bench(const rmm::core::Limits& limits = {}) : dispatcher(platform.ports(&recorder), limits, state) {}

  template <class... Args>
  Answer call2(std::uint32_t fid, Args... args) {
    abi::SmcRegs regs;
    regs.x.fill(0x5a5a);
    regs.x[0] = fid;
    std::size_t i = 1;
    ((regs.x[i++] = raw(args)), ...);
    const abi::SmcRegs out = dispatcher.rmi(platform.pe, regs);
    REQUIRE(platform.sync.held == 0);  // I25
    return {RmiResult::from_raw(out.x[0]), out.x, recorder.condition};
  }
  // The command fails with `condition` and exactly `result`, gives no out_top and leaves no trace.
  template <class... Args>
  void fails2(const char* condition, RmiResult result, std::uint32_t fid, Args... args) {
    const std::string before = fingerprint();
    const Answer a = call2(fid, args...);
    CHECK(a.condition == condition);
    CHECK(a.result == result);
    CHECK(a.x[1] == 0);
    CHECK(fingerprint() == before);
  }
  template <class... Args>
  void fails2_input(const char* condition, std::uint32_t fid, Args... args) {
    fails2(condition, {RmiStatus::kErrorInput}, fid, args...);
  }
  // The command succeeds; its X1.
  template <class... Args>
  std::uint64_t succeeds2(std::uint32_t fid, Args... args) {
    const Answer a = call2(fid, args...);
    INFO("failed condition " << a.condition);
    REQUIRE(a.ok());
    return a.x[1];
  }

  rmm::v2_0::Dispatcher dispatcher;

 private:
  template <class T>
  static std::uint64_t raw(T v) {
    if constexpr (requires { v.value; })
      return v.value;
    else if constexpr (requires { v.raw(); })
      return v.raw();
    else
      return static_cast<std::uint64_t>(v);
  }
};

}  // namespace v2
