// SPDX-License-Identifier: GPL-2.0-or-later
// The virtual CPU interface over a run (A6.1, D9, I21).
#include <catch2/catch_test_macros.hpp>

#include "tests/rmm/run_bench.h"

using namespace bench;

namespace {

namespace gic = abi::gic;

constexpr std::uint64_t kTimerLr = gic::kLrPending | gic::kLrGroup1 | (0xa0ULL << gic::kLrPriorityShift) | 27;

v1_0::RecEnter with_lr(unsigned n, std::uint64_t lr) {
  v1_0::RecEnter in;
  in.gicv3_lrs[n] = lr;
  return in;
}
bool valid(const v1_0::RecEnter& in) { return rmm::run::gicv3_entry_valid(in, rmm::core::Limits{}); }

}  // namespace

TEST_CASE("A6.1 HCR: rec_gicv3: only the maintenance conditions and TDIR may be set", "[easily-skipped]") {
  for (unsigned bit = 0; bit < 64; ++bit) {
    v1_0::RecEnter in;
    in.gicv3_hcr = 1ULL << bit;
    const bool allowed = (bit >= 1 && bit <= 7) || bit == 14;
    CHECK(valid(in) == allowed);
  }
}

TEST_CASE("A6.1 list registers: rec_gicv3: HW, pINTID but for EOI, and priority RES0 are zero",
          "[easily-skipped][D9]") {
  CHECK(valid(with_lr(0, kTimerLr)));
  CHECK(valid(with_lr(0, kTimerLr | gic::kLrEoi)));
  CHECK(valid(with_lr(15, kTimerLr)));
  CHECK_FALSE(valid(with_lr(0, kTimerLr | gic::kLrHw)));
  CHECK_FALSE(valid(with_lr(0, kTimerLr | (1ULL << gic::kLrPintidShift))));
  CHECK_FALSE(valid(with_lr(0, kTimerLr | (1ULL << gic::kLrPriorityShift))));
}

TEST_CASE("A6.1 list registers: rec_gicv3: the vINTID must exist", "[easily-skipped]") {
  const std::uint64_t base = kTimerLr & ~gic::kLrVintidMask;
  for (const std::uint64_t good : {0ULL, 1019ULL, 8192ULL, 65535ULL}) CHECK(valid(with_lr(0, base | good)));
  for (const std::uint64_t bad : {1020ULL, 1023ULL, 1056ULL, 4096ULL, 8191ULL, 65536ULL})
    CHECK_FALSE(valid(with_lr(0, base | bad)));
}

TEST_CASE("A6.1 list registers: rec_gicv3: the same vINTID twice is refused, in invalid list registers it is ignored",
          "[easily-skipped]") {
  v1_0::RecEnter in = with_lr(2, kTimerLr);
  in.gicv3_lrs[5] = kTimerLr | gic::kLrActive;
  CHECK_FALSE(valid(in));
  in.gicv3_lrs[5] = (kTimerLr & ~gic::kLrStateMask) | gic::kLrHw | (7ULL << gic::kLrPriorityShift);
  CHECK(valid(in));
}

TEST_CASE("A6.1 list registers: rec_gicv3: those beyond NUM_LRS are neither checked nor loaded", "[easily-skipped]") {
  Bench b;
  b.limits.num_lrs = 4;
  v1_0::RecEnter in = with_lr(4, kTimerLr | gic::kLrHw);
  in.gicv3_lrs[3] = kTimerLr;
  CHECK(rmm::run::gicv3_entry_valid(in, b.limits));
  b.then([&b](Cpu&) {
    CHECK(b.pe.state.lr[3] == kTimerLr);
    CHECK(b.pe.state.lr[4] == 0);
    return abi::Exception{.kind = abi::ExceptionKind::kIrq};
  });
  b.pe.state.lr[4] = kTimerLr;  // left by somebody else
  b.enter(in);
  CHECK(b.exit.gicv3_lrs[3] == kTimerLr);
  CHECK(b.exit.gicv3_lrs[4] == 0);
}

TEST_CASE("A6.1 HCR: the interface is enabled while the realm runs and disabled after the exit, which takes En alone",
          "[easily-skipped]") {
  Bench b;
  v1_0::RecEnter in;
  in.gicv3_hcr = gic::kHcrUie | gic::kHcrTdir;
  b.enter(in);
  CHECK(b.cpu().hcr_while_running == (gic::kHcrEn | gic::kHcrUie | gic::kHcrTdir));
  CHECK(b.pe.state.hcr == (gic::kHcrUie | gic::kHcrTdir));
}

TEST_CASE("A6.1 exit values: list registers, VMCR, MISR and the permitted bits of HCR", "[easily-skipped]") {
  Bench b;
  b.then([&b](Cpu&) {
    b.pe.state.hcr |= (3ULL << gic::kHcrEoiCountShift) | gic::kHcrTc;
    b.pe.state.lr[1] = kTimerLr ^ gic::kLrStateMask;
    b.pe.state.vmcr = 0xf000'0002;
    b.pe.misr = gic::kMisrU;
    return abi::Exception{.kind = abi::ExceptionKind::kIrq};
  });
  v1_0::RecEnter in = with_lr(1, kTimerLr);
  in.gicv3_hcr = gic::kHcrUie;
  b.enter(in);
  CHECK(b.exit.gicv3_hcr == ((3ULL << gic::kHcrEoiCountShift) | gic::kHcrUie));
  CHECK(b.exit.gicv3_lrs[1] == (kTimerLr ^ gic::kLrStateMask));
  CHECK(b.exit.gicv3_vmcr == 0xf000'0002);
  CHECK(b.exit.gicv3_misr == gic::kMisrU);
}

TEST_CASE("VMCR and active priorities stay with the REC") {
  Bench b;
  b.then([&b](Cpu&) {
    b.pe.state.vmcr = 0xf000'0002;
    b.pe.state.ap0r = 4;
    b.pe.state.ap1r = 8;
    return abi::Exception{.kind = abi::ExceptionKind::kIrq};
  });
  b.enter();
  b.pe.state = {};  // another REC ran on this PE
  b.then([&b](Cpu&) {
    CHECK(b.pe.state.vmcr == 0xf000'0002);
    CHECK(b.pe.state.ap0r == 4);
    CHECK(b.pe.state.ap1r == 8);
    return abi::Exception{.kind = abi::ExceptionKind::kIrq};
  });
  b.enter();
}
