// SPDX-License-Identifier: GPL-2.0-or-later
// The run loop of a REC: entries, exits and what user space sees.
#include <algorithm>
#include <cstring>

#include <catch2/generators/catch_generators.hpp>

#include "tests/host_kvm/kvm_bench.h"

using namespace kvmtest;

namespace {

constexpr std::uint64_t kUart = 0x0900'0000;
constexpr std::uint64_t kWordRead = abi::esr::kIsv | (2ULL << abi::esr::kSasShift);
constexpr std::uint64_t kWordWrite = kWordRead | abi::esr::kWnr;

}  // namespace

TEST_CASE("a private fault delegates a guest_memfd page, builds the missing table and maps it") {
  Bench b;
  b.build(true);
  b.exit_abort(kRam + 0x5000, 0);
  REQUIRE(b.run() == 0);
  const auto& e = b.rmm.entry_at(kRam + 0x5000);
  CHECK(e.state == RmiRttEntryState::kAssigned);
  CHECK(b.rmm.granules.at(e.pa) == FakeRmm::State::kData);
}

TEST_CASE("a shared fault maps the VMM's own page at the unprotected alias") {
  Bench b;
  b.build(true);
  REQUIRE(b.set_private(kRam + 0x5000, 4096, false) == 0);
  const std::uint32_t magic = 0x1234'5678;
  REQUIRE(b.kvm.user_write(b.ram + 0x5000, std::as_bytes(std::span(&magic, 1))) == 0);
  b.exit_abort((kRam + 0x5000) | kSharedBit, abi::esr::kWnr);
  REQUIRE(b.run() == 0);
  const auto& e = b.rmm.entry_at((kRam + 0x5000) | kSharedBit);
  REQUIRE(e.state == RmiRttEntryState::kAssigned);
  std::uint32_t seen = 0;
  std::memcpy(&seen, b.memory.raw(e.pa).data(), 4);
  CHECK(seen == magic);
}

TEST_CASE("an access of the wrong kind is KVM_EXIT_MEMORY_FAULT with the kind of the access") {
  Bench b;
  b.build(true);
  b.exit_abort((kRam + 0x5000) | kSharedBit, 0);
  CHECK(b.run() == -kEFAULT);
  CHECK(b.page().exit_reason == ExitReason::KVM_EXIT_MEMORY_FAULT);
  CHECK(b.page().memory_fault.gpa == kRam + 0x5000);
  CHECK(b.page().memory_fault.size == 4096);
  CHECK(b.page().memory_fault.flags == 0);
  REQUIRE(b.set_private(kRam + 0x6000, 4096, false) == 0);
  b.exit_abort(kRam + 0x6000, 0);
  CHECK(b.run() == -kEFAULT);
  CHECK(b.page().memory_fault.flags == kMemoryExitFlagPrivate);
}

TEST_CASE("R19: a refused delegation of a private fault sends the guest back to try again") {
  Bench b;
  b.build(true);
  b.exit_abort(kRam + 0x5000, 0);
  b.exit_abort(kRam + 0x5000, 0);
  bool refused = false;
  b.exit_irq();
  REQUIRE(b.populate(kRam, 1) == 4096);
  b.kvm.set_smc_failure([&](const abi::SmcRegs& in) -> std::optional<abi::SmcRegs> {
    // The first delegation after an entry is the page's.
    if (refused || in.fid() != kRmiGranuleDelegate || b.rmm.count(kRmiRecEnter) == 0) return std::nullopt;
    refused = true;
    abi::SmcRegs out;
    out.x[0] = 1;
    return out;
  });
  CHECK(b.run() == 0);
  CHECK(refused);
  CHECK(b.rmm.entry_at(kRam + 0x5000).state == RmiRttEntryState::kAssigned);
}

TEST_CASE("R21: a table that another vCPU built first is no error and its spare granule comes back") {
  Bench b;
  b.build(true);
  b.exit_abort(kRam + kRamSize - 4096, 0);
  bool raced = false;
  b.kvm.set_smc_failure([&](const abi::SmcRegs& in) -> std::optional<abi::SmcRegs> {
    if (in.fid() != kRmiRttCreate || raced || b.rmm.count(kRmiRecEnter) == 0) return std::nullopt;
    raced = true;
    // The other vCPU's own table, made behind our back with a granule of its own.
    abi::SmcRegs other = in;
    abi::SmcRegs delegate;
    delegate.x[0] = kRmiGranuleDelegate;
    delegate.x[1] = other.x[2] = kDram + kDramSize - 4096;
    b.rmm.smc(delegate);
    b.rmm.smc(other);
    return std::nullopt;
  });
  CHECK(b.run() == 0);
  CHECK(raced);
  CHECK(b.rmm.entry_at(kRam + kRamSize - 4096).state == RmiRttEntryState::kAssigned);
}

TEST_CASE("an MMIO store reaches user space without the alias bit and with the data of gprs[0]") {
  Bench b;
  b.build(true);
  b.exit_abort(kUart | kSharedBit, kWordWrite | (5ULL << abi::esr::kSrtShift), 0x1'0000'0041, 0x234);
  REQUIRE(b.run() == 0);
  CHECK(b.page().exit_reason == ExitReason::KVM_EXIT_MMIO);
  CHECK(b.page().mmio.phys_addr == kUart + 0x234);
  CHECK(b.page().mmio.is_write == 1);
  CHECK(b.page().mmio.len == 4);
  std::uint64_t data = 0;
  std::memcpy(&data, b.page().mmio.data.data(), 8);
  CHECK(data == 0x41);
  std::uint64_t flags = 99;
  b.on_enter([&](const RecEnter& e, RecExit& x) {
    flags = e.flags;
    x.exit_reason = static_cast<std::uint8_t>(RecExitReason::kIrq);
  });
  REQUIRE(b.run() == 0);
  CHECK(flags == kEnterEmulMmio);
}

TEST_CASE("an MMIO load is completed at the next run in gprs[0]") {
  Bench b;
  b.build(true);
  b.exit_abort(kUart | kSharedBit, kWordRead);
  REQUIRE(b.run() == 0);
  REQUIRE(b.page().exit_reason == ExitReason::KVM_EXIT_MMIO);
  CHECK(b.page().mmio.is_write == 0);
  b.page().mmio.data = {std::uint8_t{0x78}, std::uint8_t{0x56}, std::uint8_t{0x34}, std::uint8_t{0x92}};
  RecEnter seen;
  b.on_enter([&](const RecEnter& e, RecExit& x) {
    seen = e;
    x.exit_reason = static_cast<std::uint8_t>(RecExitReason::kIrq);
  });
  REQUIRE(b.run() == 0);
  CHECK(seen.gprs[0] == 0x92345678);
  CHECK(seen.flags == kEnterEmulMmio);
}

TEST_CASE("the vgic's registers are emulated in the kernel, through the shared alias") {
  Bench b;
  b.build(true);
  b.exit_abort(0x0800'0004 | kSharedBit, kWordRead, 0, 0x004);  // GICD_TYPER
  RecEnter seen;
  b.on_enter([&](const RecEnter& e, RecExit& x) {
    seen = e;
    x.exit_reason = static_cast<std::uint8_t>(RecExitReason::kIrq);
  });
  REQUIRE(b.run() == 0);
  CHECK(b.page().exit_reason == ExitReason::KVM_EXIT_SHUTDOWN);  // no exit to user space in between
  CHECK(seen.flags == kEnterEmulMmio);
  CHECK((seen.gprs[0] & 0x1f) != 0);  // ITLinesNumber
}

TEST_CASE("an access without a syndrome gets an external abort, never an emulation") {
  Bench b;
  b.build(true);
  b.exit_abort(kUart | kSharedBit, 0);
  std::uint64_t flags = 0;
  b.on_enter([&](const RecEnter& e, RecExit&) { flags = e.flags; });
  (void)b.run();
  CHECK(flags == kEnterInjectSea);
}

TEST_CASE("R17: enter.flags survive immediate_exit, a failed entry, and become an abort on request") {
  Bench b;
  b.build(true);
  b.exit_abort(kUart | kSharedBit, kWordWrite);
  REQUIRE(b.run() == 0);
  const auto flags = [&] { return abi::decode<RecEnter>(b.memory.raw(b.vcpu().rec.run.pa().value)).flags; };
  CHECK(flags() == 0);
  SECTION("immediate_exit completes the access and returns") {
    b.page().immediate_exit = 1;
    CHECK(b.run() == -kEINTR);
    CHECK(flags() == kEnterEmulMmio);
    b.page().immediate_exit = 0;
    VcpuEvents events{0, 0, 1, 0};
    CHECK(b.ioctl(b.vcpus[0], Ioctl::KVM_SET_VCPU_EVENTS, &events) == 0);
    CHECK(flags() == kEnterInjectSea);  // one or the other, never both
  }
  SECTION("an abort may be asked for before the access is completed") {
    VcpuEvents events{0, 0, 1, 0};
    CHECK(b.ioctl(b.vcpus[0], Ioctl::KVM_SET_VCPU_EVENTS, &events) == 0);
    std::uint64_t entered = 0;
    b.on_enter([&](const RecEnter& e, RecExit&) { entered = e.flags; });
    (void)b.run();
    CHECK(entered == kEnterInjectSea);
  }
  SECTION("a refused entry keeps the flags for the next one") {
    b.rmm.script[0].push_back([](const RecEnter&, RecExit&) { return RmiReturn{RmiStatus::kErrorRec, 0}; });
    CHECK(b.run() == -kENXIO);
    CHECK(flags() == kEnterEmulMmio);
    b.exit_irq();
    CHECK(b.run() == 0);
    CHECK(flags() == 0);
  }
}

TEST_CASE("KVM_SET_VCPU_EVENTS of a realm takes no SError, and no abort without an access to abort") {
  Bench b;
  b.build(true);
  b.exit_irq();
  REQUIRE(b.run() == 0);
  VcpuEvents serror{1, 0, 0, 0}, abort{0, 0, 1, 0}, nothing;
  CHECK(b.ioctl(b.vcpus[0], Ioctl::KVM_SET_VCPU_EVENTS, &serror) == -kEINVAL);
  CHECK(b.ioctl(b.vcpus[0], Ioctl::KVM_SET_VCPU_EVENTS, &abort) == -kEINVAL);
  CHECK(b.ioctl(b.vcpus[0], Ioctl::KVM_SET_VCPU_EVENTS, &nothing) == 0);
}

TEST_CASE("a RIPAS change is a memory fault first and is completed before the next entry") {
  Bench b;
  b.build(true);
  b.exit_ripas(kRam, kRam + kRamSize, Ripas::kRam);
  CHECK(b.run() == -kEFAULT);
  CHECK(b.page().exit_reason == ExitReason::KVM_EXIT_MEMORY_FAULT);
  CHECK(b.page().memory_fault.gpa == kRam);
  CHECK(b.page().memory_fault.size == kRamSize);
  CHECK(b.page().memory_fault.flags == kMemoryExitFlagPrivate);
  CHECK(b.rmm.count(kRmiRttSetRipas) == 0);
  b.exit_irq();
  CHECK(b.run() == 0);
  CHECK(b.rmm.count(kRmiRttSetRipas) >= 1);
  CHECK(b.rmm.ripas_next == kRam + kRamSize);
}

TEST_CASE("a change to EMPTY takes the pages back and builds the tables it needs") {
  Bench b;
  b.build(true);
  b.exit_abort(kRam + 0x5000, 0);
  b.exit_ripas(kRam + 0x5000, kRam + 0x7000, Ripas::kEmpty);
  CHECK(b.run() == -kEFAULT);
  CHECK(b.page().memory_fault.flags == 0);
  const std::uint64_t data = b.rmm.entry_at(kRam + 0x5000).pa;
  REQUIRE(b.set_private(kRam + 0x5000, 0x2000, false) == 0);
  CHECK_FALSE(b.rmm.granules.contains(data));  // the conversion destroyed the contents
  b.exit_irq();
  CHECK(b.run() == 0);
  CHECK(b.rmm.entry_at(kRam + 0x5000).ripas == Ripas::kEmpty);
  CHECK(b.rmm.entry_at(kRam + 0x6000).ripas == Ripas::kEmpty);
  CHECK(b.rmm.entry_at(kRam + 0x7000).ripas == Ripas::kRam);
}

TEST_CASE("R10: an entry abandoned after the RIPAS change does not repeat it") {
  Bench b;
  b.build(true);
  b.exit_ripas(kRam, kRam + 0x10000, Ripas::kRam);
  REQUIRE(b.run() == -kEFAULT);
  // The signal arrives after kvm_rec_pre_enter: the loop backs out.
  b.sync.on_step = [&](const rmm::port::Step& s) {
    if (std::string_view(s.point) == "vcpu->mode") b.vcpu().signal_pending = rmm::port::Shared<bool>(true);
  };
  CHECK(b.run() == -kEINTR);
  b.sync.on_step = {};
  const auto done = b.rmm.count(kRmiRttSetRipas);
  CHECK(done >= 1);
  CHECK(abi::decode<RecExit>(b.memory.raw(b.vcpu().rec.run.pa().value + kRecRunExitOffset)).ripas_base ==
        kRam + 0x10000);
  b.exit_irq();
  CHECK(b.run() == 0);
  CHECK(b.rmm.count(kRmiRttSetRipas) == done);
}

TEST_CASE("R15, R16: a RIPAS range that is empty or not private is rejected and never sent to the RMM") {
  Bench b;
  b.build(true);
  const auto range = GENERATE(std::pair{kRam | kSharedBit, (kRam | kSharedBit) + 0x1000}, std::pair{kRam, kRam},
                              std::pair{kRam + 0x1000, std::uint64_t{0}});
  b.exit_ripas(range.first, range.second, Ripas::kRam);
  CHECK(b.run() == -kEINVAL);
  std::uint64_t flags = 0;
  b.on_enter([&](const RecEnter& e, RecExit& x) {
    flags = e.flags;
    x.exit_reason = static_cast<std::uint8_t>(RecExitReason::kIrq);
  });
  CHECK(b.run() == 0);
  CHECK(flags == kEnterRipasResponse);
  CHECK(b.rmm.count(kRmiRttSetRipas) == 0);
}

TEST_CASE("R11: a RIPAS change that makes no progress ends, and the realm is entered all the same") {
  Bench b;
  b.build(true);
  b.exit_ripas(kRam + 0x1000, kRam + 0x2000, Ripas::kEmpty);
  REQUIRE(b.run() == -kEFAULT);
  b.kvm.set_smc_failure([&](const abi::SmcRegs& in) -> std::optional<abi::SmcRegs> {
    if (in.fid() != kRmiRttSetRipas) return std::nullopt;
    abi::SmcRegs out;
    out.x[0] = RmiReturn{RmiStatus::kErrorInput, 0}.raw();
    return out;
  });
  bool entered = false;
  b.on_enter([&](const RecEnter&, RecExit& x) {
    entered = true;
    x.exit_reason = static_cast<std::uint8_t>(RecExitReason::kIrq);
  });
  CHECK(b.run() == 0);
  CHECK(entered);
}

TEST_CASE("CPU_ON completes at the RMM before the target becomes runnable, under its mp_state_lock") {
  Bench b;
  b.build(true, 2);
  b.exit_psci(kPsciCpuOn, 1, 0x8000'1000, 7);
  bool completed_first = false, published = false;
  b.sync.on_step = [&](const rmm::port::Step& s) {
    if (std::string_view(s.point) == "mp_state" && s.access == rmm::port::Access::kWrite &&
        b.rmm.count(kRmiRecEnter) == 1 && !published) {
      published = true;
      completed_first = b.rmm.count(kRmiPsciComplete) == 1 && b.vcpu(1).mp_state_lock.held();
    }
  };
  REQUIRE(b.run() == 0);
  CHECK(published);
  CHECK(completed_first);
  CHECK(b.rmm.count(kRmiPsciComplete) == 1);
  for (const auto& call : b.rmm.calls) {
    if (call.fid() != kRmiPsciComplete) continue;
    CHECK(call.x[1] == b.rmm.rec_order[0]);
    CHECK(call.x[2] == b.rmm.rec_order[1]);
    CHECK(call.x[3] == 0);
  }
  MpState state;
  REQUIRE(b.ioctl(b.vcpus[1], Ioctl::KVM_GET_MP_STATE, &state) == 0);
  CHECK(state.mp_state == kMpStateRunnable);
}

TEST_CASE("CPU_ON of nobody and AFFINITY_INFO with a level are answered without a completion") {
  Bench b;
  b.build(true, 2);
  b.exit_psci(kPsciCpuOn, 9, 0, 0);
  b.exit_psci(kPsciAffinityInfo, 1, 1);
  b.exit_psci(kPsciAffinityInfo, 1, 0);
  REQUIRE(b.run() == 0);
  CHECK(b.rmm.count(kRmiPsciComplete) == 1);  // the last one
}

TEST_CASE("a powered-off vCPU waits until CPU_ON, and a signal interrupts the wait") {
  Bench b;
  b.build(true, 2);
  b.sync.on_wait = [&](const rmm::port::Step&) { b.kvm.signal_vcpu_thread(b.vcpus[1]); };
  CHECK(b.run(1) == -kEINTR);
  CHECK(b.rmm.count(kRmiRecEnter) == 0);
  b.sync.on_wait = [&](const rmm::port::Step&) {
    b.exit_psci(kPsciCpuOn, 1, 0x1000, 0);
    REQUIRE(b.run(0) == 0);
  };
  b.exit_irq(1);
  CHECK(b.run(1) == 0);
  CHECK(b.rmm.count(kRmiRecEnter) >= 3);
}

TEST_CASE("SYSTEM_OFF and SYSTEM_RESET are system events and stop every vCPU") {
  Bench b;
  b.build(true, 2);
  const bool reset = GENERATE(false, true);
  b.exit_psci(reset ? kPsciSystemReset : kPsciSystemOff);
  REQUIRE(b.run() == 0);
  CHECK(b.page().exit_reason == ExitReason::KVM_EXIT_SYSTEM_EVENT);
  CHECK(b.page().system_event.type == (reset ? kSystemEventReset : kSystemEventShutdown));
  CHECK(b.vcpu(0).mp_state.peek() == kMpStateStopped);
  CHECK(b.vcpu(1).mp_state.peek() == kMpStateStopped);
}

TEST_CASE("R1: an entry into a realm that another vCPU turned off is KVM_EXIT_SHUTDOWN") {
  Bench b;
  b.build(true);
  b.exit_irq();
  REQUIRE(b.run() == 0);
  CHECK(b.page().exit_reason == ExitReason::KVM_EXIT_SHUTDOWN);
  b.rmm.script[0].push_back([](const RecEnter&, RecExit&) { return RmiReturn{RmiStatus::kErrorRealm, 0}; });
  CHECK(b.run() == -kENXIO);  // v12 wants SYSTEM_OFF's index
  b.state.behaviour.shutdown_needs_system_off_index = false;
  b.rmm.script[0].push_back([](const RecEnter&, RecExit&) { return RmiReturn{RmiStatus::kErrorRealm, 0}; });
  CHECK(b.run() == 0);
}

TEST_CASE("the results of REC_ENTER and of unknown exits are those of v12, and each seam shows") {
  Bench b;
  b.build(true);
  const auto fails = [&](RmiStatus s) {
    b.rmm.script[0].push_back([s](const RecEnter&, RecExit&) { return RmiReturn{s, 0}; });
    return b.run();
  };
  CHECK(fails(RmiStatus::kErrorRec) == -kENXIO);
  CHECK(fails(RmiStatus::kErrorInput) == -kENXIO);
  b.state.behaviour.rec_error_is_eagain = true;
  CHECK(fails(RmiStatus::kErrorRec) == -kEAGAIN);
  const auto exits = [&](std::uint8_t reason, std::uint64_t esr) {
    b.on_enter([=](const RecEnter&, RecExit& x) {
      x.exit_reason = reason;
      x.esr = esr;
    });
    return b.run();
  };
  CHECK(exits(6, 0) == 0);
  CHECK(b.page().exit_reason == ExitReason::KVM_EXIT_INTERNAL_ERROR);  // SERROR
  CHECK(exits(9, 0) == 0);
  CHECK(b.page().exit_reason == ExitReason::KVM_EXIT_INTERNAL_ERROR);
  b.state.behaviour.serror_exit_resumes = true;
  CHECK(exits(6, 0) == 0);
  CHECK(b.page().exit_reason == ExitReason::KVM_EXIT_SHUTDOWN);  // went on to the end of the script
  CHECK(exits(0, abi::esr::make(abi::esr::Ec::kInstructionAbortLower, 6)) == -kENXIO);
  CHECK(exits(0, abi::esr::make(abi::esr::Ec::kWfx, 0)) == -kENXIO);
}

TEST_CASE("HOST_CALL registers go to the vCPU and come back as they stand at the next entry") {
  Bench b;
  b.build(true);
  b.on_enter([](const RecEnter&, RecExit& x) {
    x.exit_reason = static_cast<std::uint8_t>(RecExitReason::kHostCall);
    x.gprs[0] = 0x8600'1234;  // no call that the kernel knows
    x.gprs[30] = 77;
  });
  RecEnter seen;
  b.on_enter([&](const RecEnter& e, RecExit& x) {
    seen = e;
    x.exit_reason = static_cast<std::uint8_t>(RecExitReason::kIrq);
  });
  REQUIRE(b.run() == 0);
  CHECK(seen.gprs[0] == ~0ULL);
  CHECK(seen.gprs[30] == 77);
}

TEST_CASE("ICC_SGI1R_EL1 of one REC makes an SGI pending for another and kicks it") {
  Bench b;
  b.build(true, 2);
  // Group 1 enabled at the distributor, SGI 3 enabled at the second redistributor.
  b.exit_abort(0x0800'0000 | kSharedBit, kWordWrite, 2);
  b.exit_abort(0x080d'0000 | kSharedBit, kWordWrite, 1U << 3, 0x100);
  b.on_enter([](const RecEnter&, RecExit& x) {
    x.exit_reason = static_cast<std::uint8_t>(RecExitReason::kSync);
    x.esr = abi::esr::make(abi::esr::Ec::kSysReg, abi::esr::make_sysreg_iss({3, 0, 12, 11, 5, 4, false}));
    x.gprs[0] = (3ULL << 24) | 2;  // SGI 3 to Aff0 1
  });
  b.exit_psci(kPsciCpuOn, 1, 0, 0);
  REQUIRE(b.run() == 0);
  std::uint64_t lr = 0;
  b.on_enter(
      [&](const RecEnter& e, RecExit& x) {
        lr = e.gicv3_lrs[0];
        x.exit_reason = static_cast<std::uint8_t>(RecExitReason::kIrq);
        x.gicv3_lrs = e.gicv3_lrs;
      },
      1);
  REQUIRE(b.run(1) == 0);
  CHECK((lr & abi::gic::kLrVintidMask) == 3);
  CHECK((lr & abi::gic::kLrStateMask) == abi::gic::kLrPending);
}

TEST_CASE("R50: an abandoned entry loses no interrupt") {
  Bench b;
  b.build(true);
  b.exit_abort(0x0800'0000 | kSharedBit, kWordWrite, 2);
  b.exit_abort(0x0800'0104 | kSharedBit, kWordWrite, 1U << 1, 0x104);  // GICD_ISENABLER1: SPI 33
  // An edge: once it is in a list register, nothing but that register remembers it.
  b.exit_abort(0x0800'0c08 | kSharedBit, kWordWrite, 0x8, 0xc08);  // GICD_ICFGR2
  REQUIRE(b.run() == 0);
  IrqLevel line{irq_line_spi(33), 1};
  REQUIRE(b.ioctl(b.vm, Ioctl::KVM_IRQ_LINE, &line) == 0);
  b.sync.on_step = [&](const rmm::port::Step& s) {
    if (std::string_view(s.point) == "vcpu->mode") b.vcpu().signal_pending = rmm::port::Shared<bool>(true);
  };
  CHECK(b.run() == -kEINTR);
  b.sync.on_step = {};
  std::uint64_t lr = 0;
  b.on_enter([&](const RecEnter& e, RecExit& x) {
    lr = e.gicv3_lrs[0];
    x.exit_reason = static_cast<std::uint8_t>(RecExitReason::kIrq);
    x.gicv3_lrs = e.gicv3_lrs;
  });
  CHECK(b.run() == 0);
  CHECK((lr & abi::gic::kLrVintidMask) == 33);
}

TEST_CASE("a timer that an exit reports as firing becomes PPI 27 at the next entry") {
  Bench b;
  b.build(true);
  b.exit_abort(0x0800'0000 | kSharedBit, kWordWrite, 2);
  b.exit_abort(0x080b'0100 | kSharedBit, kWordWrite, 1U << 27, 0x100);  // GICR_ISENABLER0
  b.on_enter([](const RecEnter&, RecExit& x) {
    x.exit_reason = static_cast<std::uint8_t>(RecExitReason::kIrq);
    x.cntv_ctl = abi::kTimerEnable | abi::kTimerIstatus;
  });
  std::uint64_t lr = 0;
  b.on_enter([&](const RecEnter& e, RecExit& x) {
    lr = e.gicv3_lrs[0];
    x.exit_reason = static_cast<std::uint8_t>(RecExitReason::kIrq);
    x.gicv3_lrs = e.gicv3_lrs;
  });
  REQUIRE(b.run() == 0);
  CHECK((lr & abi::gic::kLrVintidMask) == 27);
}

TEST_CASE("CPU_SUSPEND blocks in the host until an interrupt; by default no timer wakes a REC") {
  Bench b;
  b.build(true);
  b.on_enter([](const RecEnter&, RecExit& x) {
    x.exit_reason = static_cast<std::uint8_t>(RecExitReason::kPsci);
    x.gprs[0] = kPsciCpuSuspend;
    x.cntv_ctl = abi::kTimerEnable;
    x.cntv_cval = 1000;
  });
  b.sync.on_wait = [&](const rmm::port::Step&) {
    if (b.sync.last_deadline != 0) b.clock.now = b.sync.last_deadline;
    b.kvm.signal_vcpu_thread(b.vcpus[0]);
  };
  SECTION("v12") {
    CHECK(b.run() == -kEINTR);
    CHECK(b.sync.last_deadline == 0);
  }
  SECTION("with a background timer") {
    b.state.behaviour.rec_block_arms_timer = true;
    CHECK(b.run() == -kEINTR);
    CHECK(b.sync.last_deadline == 1000 * 16);
  }
}

TEST_CASE("converting to private takes the shared alias away, and back again") {
  Bench b;
  b.build(true);
  REQUIRE(b.set_private(kRam, 0x2000, false) == 0);
  b.exit_abort(kRam | kSharedBit, 0);
  REQUIRE(b.run() == 0);
  REQUIRE(b.rmm.entry_at(kRam | kSharedBit).state == RmiRttEntryState::kAssigned);
  REQUIRE(b.set_private(kRam, 0x2000, true) == 0);
  CHECK(b.rmm.entry_at(kRam | kSharedBit).state == RmiRttEntryState::kUnassigned);
}

TEST_CASE("R14: punching a hole takes private pages whatever the attribute says") {
  Bench b;
  b.build(true);
  b.exit_abort(kRam + 0x3000, 0);
  REQUIRE(b.run() == 0);
  const std::uint64_t data = b.rmm.entry_at(kRam + 0x3000).pa;
  PunchHole hole{0x3000, 0x1000};
  REQUIRE(b.ioctl(b.memfd, Ioctl::FALLOCATE_PUNCH_HOLE, &hole) == 0);
  CHECK_FALSE(b.rmm.granules.contains(data));
  PunchHole bad{0x3001, 0x1000};
  CHECK(b.ioctl(b.memfd, Ioctl::FALLOCATE_PUNCH_HOLE, &bad) == -kEINVAL);
}

TEST_CASE("dropping the VMM's pages unmaps the shared alias first") {
  Bench b;
  b.build(true);
  REQUIRE(b.set_private(kRam, 0x1000, false) == 0);
  b.exit_abort(kRam | kSharedBit, 0);
  REQUIRE(b.run() == 0);
  const auto used = b.pages_in_use();
  b.kvm.user_madvise_dontneed(b.ram, 0x1000);
  CHECK(b.rmm.entry_at(kRam | kSharedBit).state == RmiRttEntryState::kUnassigned);
  CHECK(b.pages_in_use() < used);
}

TEST_CASE("a region that becomes uniform is folded and its table comes back") {
  Bench b;
  b.build(true);
  constexpr std::uint64_t kBlock = 2ULL << 20;
  b.exit_abort(kRam + 0x3000, 0);
  b.exit_ripas(kRam, kRam + kBlock, Ripas::kEmpty);
  REQUIRE(b.run() == -kEFAULT);
  REQUIRE(b.rmm.only_realm().tables.contains({3, kRam}));
  REQUIRE(b.set_private(kRam, kBlock, false) == 0);
  // One DESTROYED entry among RAM ones: not uniform yet.
  REQUIRE(b.rmm.entry_at(kRam + 0x3000).ripas == Ripas::kDestroyed);
  REQUIRE(b.rmm.only_realm().tables.contains({3, kRam}));
  b.exit_irq();
  REQUIRE(b.run() == 0);
  CHECK_FALSE(b.rmm.only_realm().tables.contains({3, kRam}));
  CHECK(b.rmm.entry_at(kRam + 0x3000).ripas == Ripas::kEmpty);
}

TEST_CASE("immediate_exit and a pending signal never enter the realm") {
  Bench b;
  b.build(true);
  b.exit_irq();
  REQUIRE(b.run() == 0);
  const auto entries = b.rmm.count(kRmiRecEnter);
  b.page().immediate_exit = 1;
  CHECK(b.run() == -kEINTR);
  b.page().immediate_exit = 0;
  b.kvm.signal_vcpu_thread(b.vcpus[0]);
  CHECK(b.run() == -kEINTR);
  CHECK(b.page().exit_reason == ExitReason::KVM_EXIT_INTR);
  CHECK(b.rmm.count(kRmiRecEnter) == entries);
  CHECK(b.run() == 0);  // the signal was delivered
}
