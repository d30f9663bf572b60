// SPDX-License-Identifier: GPL-2.0-or-later
// RSI_HOST_CALL over its exit (B5.3.4, A4.2.2, A4.3.9).
#include <catch2/catch_test_macros.hpp>

#include "tests/rmm/run_bench.h"

using namespace bench;

namespace {

constexpr std::uint64_t kAddr = kAssigned.value + 0x300;
constexpr abi::Pa kStruct{kData.value + 0x300};

// Fills the realm's structure: imm 0x1234, register n is 0x100 + n.
void prepare(Bench& b) {
  b.memory.write64(kStruct, 0xffff'ffff'0000'1234 & 0xffff);
  for (unsigned n = 0; n < 31; ++n) b.memory.write64(kStruct + 8 + n * 8, 0x100 + n);
  b.smc({v1_0::kRsiHostCall, kAddr});
}

}  // namespace

TEST_CASE("the exit carries imm and all registers of the structure, none of the realm's own") {
  Bench b;
  b.cpu().gprs.fill(0x5ec2e7);
  prepare(b);
  b.enter();
  CHECK(b.exit.exit_reason == reason(v1_0::RecExitReason::kHostCall));
  CHECK(b.exit.imm == 0x1234);
  for (unsigned n = 0; n < 31; ++n) CHECK(b.exit.gprs[n] == 0x100 + n);
  CHECK((b.exit.esr | b.exit.far | b.exit.hpfar | b.exit.ripas_base | b.exit.ripas_top) == 0);
}

TEST_CASE("the next entry writes the host's registers into the structure") {
  Bench b;
  prepare(b);
  b.enter();
  CHECK(b.rec().host_call_pending);
  v1_0::RecEnter in;
  for (unsigned n = 0; n < 31; ++n) in.gprs[n] = 0x200 + n;
  b.enter(in);
  for (unsigned n = 0; n < 31; ++n) CHECK(b.memory.read64(kStruct + 8 + n * 8) == 0x200 + n);
  CHECK(b.memory.read64(kStruct) == 0x1234);
  CHECK(b.cpu().x(0) == 0);
  CHECK(b.cpu().x(1) == 0);
  CHECK(b.cpu().pc() == 0x1004);
  CHECK_FALSE(b.rec().host_call_pending);
  in.gprs.fill(9);
  b.enter(in);
  CHECK(b.memory.read64(kStruct + 8) == 0x200);
}

TEST_CASE("a structure that has lost its memory is a data abort exit, and the call stays pending") {
  Bench b;
  prepare(b);
  b.enter();
  b.set_entry(kAssigned, {.ripas = v1_0::Ripas::kDestroyed});
  CHECK(named_fields(b.enter()) == Names{"esr", "hpfar"});
  CHECK(b.exit.exit_reason == reason(v1_0::RecExitReason::kSync));
  CHECK(b.rec().host_call_pending);
  CHECK(b.cpu().runs == 1);
  b.set_entry(kAssigned, {.state = rmm::core::RttState::kAssigned, .ripas = v1_0::Ripas::kRam, .address = kData});
  b.enter_flags(0, 0x42);
  CHECK(b.memory.read64(kStruct + 8) == 0x42);
  CHECK_FALSE(b.rec().host_call_pending);
  CHECK(b.cpu().pc() == 0x1004);
}

TEST_CASE("a structure that has become EMPTY ends the call with an error") {
  Bench b;
  prepare(b);
  b.enter();
  b.set_entry(kAssigned, {});
  b.enter();
  CHECK(b.cpu().x(0) == 1);
  CHECK_FALSE(b.rec().host_call_pending);
  CHECK(b.rec().host_call_ipa.value == 0);
}

TEST_CASE("a host call that ends at an entry tells the observer its id, and the address that was at fault") {
  struct End : rmm::port::Observer {
    void command_end(const rmm::port::CommandEnd& e) override {
      fid = e.fid;
      if (!e.values.empty()) addr = e.values[0].value;
    }
    std::uint32_t fid = 0;
    std::uint64_t addr = 0;
  };
  for (const bool lost : {false, true}) {
    Bench b;
    End end;
    b.platform.observer = &end;
    prepare(b);
    b.enter();
    if (lost) b.set_entry(kAssigned, {});
    b.enter();
    CHECK(end.fid == v1_0::kRsiHostCall);
    CHECK(end.addr == (lost ? kAddr : 0));
  }
}

TEST_CASE("a structure without memory is a translation fault at the level where the walk ended, before and after") {
  const auto esr_of_level = [](unsigned level) {
    return (static_cast<std::uint64_t>(esr::Ec::kDataAbortLower) << esr::kEcShift) | esr::kFscTranslation | level;
  };
  Bench b;
  b.memory.write64(kRtt2 + 8, rmm::core::encode({.ripas = v1_0::Ripas::kRam}, 2));
  b.smc({v1_0::kRsiHostCall, kRam.value + 0x20'0000});
  CHECK(b.enter().esr == esr_of_level(2));
  b.cpu().script.clear();
  prepare(b);
  b.enter();
  REQUIRE(b.rec().host_call_pending);
  b.set_entry(kAssigned, {.ripas = v1_0::Ripas::kDestroyed});
  CHECK(b.enter().esr == esr_of_level(3));
}

TEST_CASE("RSI_HOST_CALL failure conditions and D10") {
  Bench b;
  for (const std::uint64_t addr : {kAssigned.value + 0x80, kShared, kEmpty.value}) {
    b.smc({v1_0::kRsiHostCall, addr});
    CHECK(b.enter().exit_reason == reason(v1_0::RecExitReason::kIrq));
    CHECK(b.cpu().x(0) == 1);
    CHECK_FALSE(b.rec().host_call_pending);
  }
  const std::uint64_t pc = b.cpu().pc();
  b.smc({v1_0::kRsiHostCall, kUnassigned.value});
  CHECK(b.enter().exit_reason == reason(v1_0::RecExitReason::kSync));
  CHECK(b.cpu().pc() == pc);
  CHECK_FALSE(b.rec().host_call_pending);
}
