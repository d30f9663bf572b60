// SPDX-License-Identifier: GPL-2.0-or-later
// SMCCC calls of a guest: the filter, KVM_EXIT_HYPERCALL, and PSCI in user space.
#include <catch2/generators/catch_generators.hpp>

#include "tests/host_kvm/kvm_bench.h"

using namespace kvmtest;

namespace {

constexpr std::uint32_t kPsciBase = 0x8400'0000, kPsci64Base = 0xC400'0000, kVendorHyp = 0xC600'0000;

long set_filter(Bench& b, const SmcccFilter& wanted) {
  SmcccFilter filter = wanted;
  DeviceAttr attr{.group = kVmGrpSmcccCtrl, .attr = kVmSmcccFilter, .smccc_filter = &filter};
  return b.ioctl(b.vm, Ioctl::KVM_SET_DEVICE_ATTR, &attr);
}
long set_filter(Bench& b, std::uint32_t base, std::uint32_t count, SmcccAction action) {
  return set_filter(b, {.base = base, .nr_functions = count, .action = static_cast<std::uint8_t>(action)});
}
void forward_psci(Bench& b) {
  REQUIRE(set_filter(b, kPsciBase, 0x20, SmcccAction::kForwardToUser) == 0);
  REQUIRE(set_filter(b, kPsci64Base, 0x20, SmcccAction::kForwardToUser) == 0);
}

long complete(Bench& b, unsigned vcpu, std::uint64_t mpidr, std::int64_t status) {
  RmiPsciComplete args{mpidr, static_cast<std::uint32_t>(status), {}};
  return b.ioctl(b.vcpus[vcpu], Ioctl::KVM_ARM_VCPU_RMI_PSCI_COMPLETE, &args);
}
long set_x(Bench& b, unsigned vcpu, unsigned n, std::uint64_t value) {
  OneReg reg{arm_core_reg(n), &value};
  return b.ioctl(b.vcpus[vcpu], Ioctl::KVM_SET_ONE_REG, &reg);
}
std::uint64_t get_x(Bench& b, unsigned vcpu, unsigned n) {
  std::uint64_t value = 0;
  OneReg reg{arm_core_reg(n), &value};
  REQUIRE(b.ioctl(b.vcpus[vcpu], Ioctl::KVM_GET_ONE_REG, &reg) == 0);
  return value;
}

}  // namespace

TEST_CASE("KVM_ARM_VM_SMCCC_FILTER: each bad range has its errno") {
  Bench b;
  b.build(GENERATE(true, false));
  CHECK(set_filter(b, kPsciBase, 0, SmcccAction::kDeny) == -kEINVAL);
  CHECK(set_filter(b, 0xffff'fff0, 0x11, SmcccAction::kDeny) == -kEINVAL);
  SmcccFilter filter{.base = kPsciBase, .nr_functions = 1, .action = 3};
  CHECK(set_filter(b, filter) == -kEINVAL);
  filter.action = 1;
  filter.pad[14] = 1;
  CHECK(set_filter(b, filter) == -kEINVAL);
  CHECK(set_filter(b, 0xffff'fff0, 0x10, SmcccAction::kDeny) == 0);
  CHECK(set_filter(b, kPsciBase, 0x20, SmcccAction::kForwardToUser) == 0);
  CHECK(set_filter(b, kPsciBase + 0x1f, 1, SmcccAction::kDeny) == -kEEXIST);
  CHECK(set_filter(b, kPsciBase - 1, 0x30, SmcccAction::kDeny) == -kEEXIST);
  CHECK(set_filter(b, kPsciBase + 0x20, 1, SmcccAction::kDeny) == 0);
  // The Arm Architecture calls stay the kernel's.
  CHECK(set_filter(b, 0x8000'0000, 1, SmcccAction::kForwardToUser) == -kEEXIST);
  CHECK(set_filter(b, 0xC000'ffff, 2, SmcccAction::kDeny) == -kEEXIST);
  CHECK(set_filter(b, 0x8001'0000, 1, SmcccAction::kDeny) == 0);
}

TEST_CASE("KVM_ARM_VM_SMCCC_FILTER cannot change once a vCPU ran, and is the VM's only attribute") {
  Bench b;
  b.build(true);
  DeviceAttr has{.group = kVmGrpSmcccCtrl, .attr = kVmSmcccFilter};
  CHECK(b.ioctl(b.vm, Ioctl::KVM_HAS_DEVICE_ATTR, &has) == 0);
  CHECK(b.ioctl(b.vm, Ioctl::KVM_SET_DEVICE_ATTR, &has) == -kEFAULT);  // no filter
  has.attr = 1;
  CHECK(b.ioctl(b.vm, Ioctl::KVM_HAS_DEVICE_ATTR, &has) == -kENXIO);
  has = {.group = 1};
  CHECK(b.ioctl(b.vm, Ioctl::KVM_HAS_DEVICE_ATTR, &has) == -kENXIO);
  CHECK(b.ioctl(b.vm, Ioctl::KVM_SET_DEVICE_ATTR, &has) == -kENXIO);
  CHECK(b.ioctl(b.vm, Ioctl::KVM_GET_DEVICE_ATTR, &has) == -kEINVAL);
  b.exit_irq();
  REQUIRE(b.run() == 0);
  CHECK(set_filter(b, kPsciBase, 1, SmcccAction::kDeny) == -kEBUSY);
  CHECK(set_filter(b, kPsciBase, 0, SmcccAction::kDeny) == -kEINVAL);  // the range is looked at first
}

TEST_CASE("the filter alone decides who answers a realm's call") {
  Bench b;
  b.build(true, 2);
  const auto action = GENERATE(SmcccAction::kHandle, SmcccAction::kDeny, SmcccAction::kForwardToUser);
  REQUIRE(set_filter(b, kPsciVersion, 1, action) == 0);
  const bool host_call = GENERATE(false, true);
  CAPTURE(static_cast<int>(action), host_call);
  b.on_enter([=](const RecEnter&, RecExit& x) {
    x.exit_reason = static_cast<std::uint8_t>(host_call ? RecExitReason::kHostCall : RecExitReason::kPsci);
    x.gprs[0] = kPsciVersion;
    x.gprs[7] = 77;
  });
  RecEnter seen;
  b.on_enter([&](const RecEnter& e, RecExit& x) {
    seen = e;
    x.exit_reason = static_cast<std::uint8_t>(RecExitReason::kIrq);
  });
  REQUIRE(b.run() == 0);
  if (action == SmcccAction::kForwardToUser) {
    REQUIRE(b.page().exit_reason == ExitReason::KVM_EXIT_HYPERCALL);
    CHECK(b.page().hypercall.nr == kPsciVersion);
    // Neither call has a syndrome: ESR 0 is no SMC, and its IL says 16 bits.
    CHECK(b.page().hypercall.flags == kHypercallExit16Bit);
    CHECK(get_x(b, 0, 7) == 77);
    REQUIRE(set_x(b, 0, 0, 0x1234) == 0);
    REQUIRE(set_x(b, 0, 3, 0x5678) == 0);
    REQUIRE(b.run() == 0);
  }
  CHECK(b.page().exit_reason == ExitReason::KVM_EXIT_SHUTDOWN);
  switch (action) {
    case SmcccAction::kHandle: CHECK(seen.gprs[0] == kPsciVersion11); break;
    case SmcccAction::kDeny: CHECK(seen.gprs[0] == ~0ULL); break;
    case SmcccAction::kForwardToUser:
      CHECK(seen.gprs[0] == 0x1234);
      CHECK(seen.gprs[3] == 0x5678);
      break;
  }
  CHECK(seen.gprs[7] == 77);
}

TEST_CASE("a host call to the VMM returns all 31 registers as user space left them") {
  Bench b;
  b.build(true);
  REQUIRE(set_filter(b, kVendorHyp, 0x10000, SmcccAction::kForwardToUser) == 0);
  b.on_enter([](const RecEnter&, RecExit& x) {
    x.exit_reason = static_cast<std::uint8_t>(RecExitReason::kHostCall);
    x.imm = 0x4242;
    for (unsigned i = 0; i < 31; ++i) x.gprs[i] = 0x100 + i;
    x.gprs[0] = kVendorHyp + 5;
  });
  REQUIRE(b.run() == 0);
  REQUIRE(b.page().exit_reason == ExitReason::KVM_EXIT_HYPERCALL);
  CHECK(b.page().hypercall.nr == kVendorHyp + 5);
  for (unsigned i = 1; i < 31; ++i) CHECK(get_x(b, 0, i) == 0x100 + i);
  for (unsigned i = 0; i < 31; ++i) REQUIRE(set_x(b, 0, i, 0x200 + i) == 0);
  // An entry that is abandoned must not lose them (R53).
  b.page().immediate_exit = 1;
  REQUIRE(b.run() == -kEINTR);
  b.page().immediate_exit = 0;
  RecEnter seen;
  b.on_enter([&](const RecEnter& e, RecExit& x) {
    seen = e;
    x.exit_reason = static_cast<std::uint8_t>(RecExitReason::kIrq);
  });
  REQUIRE(b.run() == 0);
  for (unsigned i = 0; i < 31; ++i) CHECK(seen.gprs[i] == 0x200 + i);
}

TEST_CASE("a plain VM's forwarded call says by which instruction it came") {
  Bench b;
  b.build(false);
  forward_psci(b);
  const auto ec = GENERATE(abi::esr::Ec::kHvc64, abi::esr::Ec::kSmc64);
  b.cpus.cpus[0].script.push_back([=](FakeCpu& c) {
    c.pc_ = 0x100;
    c.regs[0] = kPsciCpuOff;
    return abi::Exception{abi::ExceptionKind::kSync, abi::esr::make(ec, 0), 0, 0, 0};
  });
  REQUIRE(b.run() == 0);
  CHECK(b.page().exit_reason == ExitReason::KVM_EXIT_HYPERCALL);
  CHECK(b.page().hypercall.nr == kPsciCpuOff);
  CHECK(b.page().hypercall.flags == (ec == abi::esr::Ec::kSmc64 ? kHypercallExitSmc : 0));
  CHECK(b.cpus.cpus[0].pc_ == 0x104);  // it goes on behind the call
  CHECK(b.vcpu().mp_state.peek() == kMpStateRunnable);
}

TEST_CASE("R3: user space completes CPU_ON on the caller before either vCPU runs again") {
  Bench b;
  b.build(true, 2);
  forward_psci(b);
  b.exit_psci(kPsciCpuOn, 1, 0x8000'1000, 7);
  REQUIRE(b.run() == 0);
  REQUIRE(b.page().exit_reason == ExitReason::KVM_EXIT_HYPERCALL);
  CHECK(b.rmm.count(kRmiPsciComplete) == 0);
  CHECK(b.vcpu(1).mp_state.peek() == kMpStateStopped);
  MpState runnable{kMpStateRunnable};
  SECTION("in this order") {
    CHECK(complete(b, 0, 1, 0) == 0);
    CHECK(b.ioctl(b.vcpus[1], Ioctl::KVM_SET_MP_STATE, &runnable) == 0);
    b.exit_irq(1);
    CHECK(b.run(1) == 0);
    b.exit_irq(0);
    CHECK(b.run(0) == 0);
    CHECK(b.rmm.script[0].empty());
    CHECK(b.rmm.script[1].empty());
  }
  SECTION("the caller first: the monitor waits for the answer") { CHECK(b.run(0) == -kENXIO); }
  SECTION("the target first: it is off") {
    CHECK(b.ioctl(b.vcpus[1], Ioctl::KVM_SET_MP_STATE, &runnable) == 0);
    CHECK(b.run(1) == -kENXIO);
  }
  SECTION("denied, and the target run all the same") {
    CHECK(complete(b, 0, 1, -3) == 0);
    CHECK(b.ioctl(b.vcpus[1], Ioctl::KVM_SET_MP_STATE, &runnable) == 0);
    CHECK(b.run(1) == -kENXIO);
    b.exit_irq(0);
    CHECK(b.run(0) == 0);
  }
}

TEST_CASE("KVM_ARM_VCPU_RMI_PSCI_COMPLETE: each mistake has its errno") {
  Bench plain;
  plain.build(false);
  CHECK(complete(plain, 0, 0, 0) == -kEPERM);
  CHECK(plain.ioctl(plain.vcpus[0], Ioctl::KVM_ARM_VCPU_RMI_PSCI_COMPLETE) == -kEPERM);  // before the argument

  Bench b;
  b.build(true, 3);
  forward_psci(b);
  CHECK(complete(b, 0, 1, 0) == -kEINVAL);  // there are no RECs yet
  CHECK(b.rmm.count(kRmiPsciComplete) == 0);
  b.exit_psci(kPsciCpuOn, 1, 0x8000'1000, 7);
  REQUIRE(b.run() == 0);
  CHECK(b.ioctl(b.vcpus[0], Ioctl::KVM_ARM_VCPU_RMI_PSCI_COMPLETE) == -kEFAULT);
  CHECK(b.ioctl(b.vm, Ioctl::KVM_ARM_VCPU_RMI_PSCI_COMPLETE) == -kEINVAL);
  for (unsigned i = 0; i < 3; ++i) {
    RmiPsciComplete padded{1, 0, {}};
    padded.padding[i] = 1;
    CHECK(b.ioctl(b.vcpus[0], Ioctl::KVM_ARM_VCPU_RMI_PSCI_COMPLETE, &padded) == -kEINVAL);
  }
  CHECK(complete(b, 0, 8, 0) == -kEINVAL);  // nobody
  CHECK(b.rmm.count(kRmiPsciComplete) == 0);
  // From here on the RMM refuses.
  CHECK(complete(b, 0, 2, 0) == -kEINVAL);   // not the one that was asked for
  CHECK(complete(b, 0, 0, 0) == -kEINVAL);   // the caller itself
  CHECK(complete(b, 1, 0, 0) == -kEINVAL);   // on the wrong vCPU: nothing is pending there
  CHECK(complete(b, 0, 1, -2) == -kEINVAL);  // neither SUCCESS nor DENIED
  CHECK(b.rmm.count(kRmiPsciComplete) == 4);
  CHECK(complete(b, 0, 1, 0) == 0);
  CHECK(complete(b, 0, 1, 0) == -kEINVAL);  // R6: once
  CHECK(static_cast<std::int64_t>(b.rmm.calls.back().x[3]) == 0);
}

TEST_CASE("AFFINITY_INFO may only be completed with SUCCESS") {
  Bench b;
  b.build(true, 2);
  forward_psci(b);
  b.exit_psci(kPsciAffinityInfo, 1, 0);
  REQUIRE(b.run() == 0);
  CHECK(complete(b, 0, 1, -3) == -kEINVAL);
  CHECK(complete(b, 0, 1, 0) == 0);
  b.exit_irq();
  CHECK(b.run() == 0);
}

TEST_CASE("PSCI in the kernel makes no hypercall exits, in user space one each") {
  for (const bool user : {false, true}) {
    CAPTURE(user);
    Bench b;
    b.build(true, 2);
    if (user) forward_psci(b);
    b.exit_psci(kPsciAffinityInfo, 1, 0);
    b.exit_psci(kPsciCpuOn, 1, 0x8000'1000, 7);
    b.exit_psci(kPsciCpuOff);
    unsigned hypercalls = 0;
    b.sync.on_wait = [&](const rmm::port::Step&) { b.kvm.signal_vcpu_thread(b.vcpus[0]); };  // off, in the kernel
    while (b.run() == 0 && b.page().exit_reason == ExitReason::KVM_EXIT_HYPERCALL) {
      ++hypercalls;
      if (b.page().hypercall.nr == kPsciCpuOff) break;
      REQUIRE(complete(b, 0, 1, 0) == 0);
    }
    CHECK(hypercalls == (user ? 3 : 0));
    CHECK(b.rmm.count(kRmiPsciComplete) == 2);
    // Who answers also turns the target on.
    CHECK(b.vcpu(1).mp_state.peek() == (user ? kMpStateStopped : kMpStateRunnable));
  }
}

TEST_CASE("a suspended vCPU waits in KVM_RUN for an interrupt and reports it until it is runnable again") {
  Bench b;
  b.build(true);
  b.exit_abort(0x0800'0000 | kSharedBit, abi::esr::kIsv | (2ULL << abi::esr::kSasShift) | abi::esr::kWnr, 2);
  b.exit_abort(0x0800'0104 | kSharedBit, abi::esr::kIsv | (2ULL << abi::esr::kSasShift) | abi::esr::kWnr, 1U << 1,
               0x104);  // GICD_ISENABLER1: SPI 33
  b.on_enter([](const RecEnter& e, RecExit& x) {
    x.exit_reason = static_cast<std::uint8_t>(RecExitReason::kIrq);
    x.gicv3_lrs = e.gicv3_lrs;
    x.gicv3_vmcr = abi::gic::kVmcrEng1 | (0xf0ULL << abi::gic::kVmcrPmrShift);
  });
  REQUIRE(b.run() == 0);
  MpState state{kMpStateSuspended};
  REQUIRE(b.ioctl(b.vcpus[0], Ioctl::KVM_SET_MP_STATE, &state) == 0);
  const auto entries = b.rmm.count(kRmiRecEnter);
  SECTION("a signal ends the wait, not the state") {
    b.sync.on_wait = [&](const rmm::port::Step&) { b.kvm.signal_vcpu_thread(b.vcpus[0]); };
    CHECK(b.run() == -kEINTR);
    CHECK(b.run() == -kEINTR);
  }
  b.sync.on_wait = [&](const rmm::port::Step&) {
    IrqLevel line{irq_line_spi(33), 1};
    REQUIRE(b.ioctl(b.vm, Ioctl::KVM_IRQ_LINE, &line) == 0);
  };
  for (int i = 0; i < 2; ++i) {
    CHECK(b.run() == 0);
    CHECK(b.page().exit_reason == ExitReason::KVM_EXIT_SYSTEM_EVENT);
    CHECK(b.page().system_event.type == kSystemEventWakeup);
  }
  REQUIRE(b.ioctl(b.vcpus[0], Ioctl::KVM_GET_MP_STATE, &state) == 0);
  CHECK(state.mp_state == kMpStateSuspended);
  CHECK(b.rmm.count(kRmiRecEnter) == entries);
  state.mp_state = kMpStateRunnable;
  REQUIRE(b.ioctl(b.vcpus[0], Ioctl::KVM_SET_MP_STATE, &state) == 0);
  b.exit_irq();
  CHECK(b.run() == 0);
  CHECK(b.rmm.script[0].empty());
}

TEST_CASE("R1: SYSTEM_OFF returns only when no other vCPU of the VM is in guest code any more") {
  Bench b;
  b.build(true, 2);
  b.exit_psci(kPsciCpuOn, 1, 0x8000'1000, 7);
  REQUIRE(b.run(0) == 0);
  b.exit_psci(kPsciSystemOff, 0);
  // vCPU 1 is in the realm on another PE when vCPU 0 turns the realm off.
  long ran = -1;
  std::uint32_t waited_for = 0;
  bool still_inside = false;
  b.on_enter(
      [&](const RecEnter&, RecExit& x) {
        b.threads.pe = {0};
        b.sync.on_wait = [&](const rmm::port::Step& s) {
          if (std::string_view(s.point) != "smp_call_function_many") return;
          ++waited_for;
          still_inside = ran == -1 && b.vcpu(1).mode.peek() == VcpuMode::kInGuestMode;
          b.sync.wake_all(b.vcpu(1).ipi_taken);  // its IPI handler, which cannot run before this entry ends
        };
        ran = b.run(0);
        b.threads.pe = {1};
        x.exit_reason = static_cast<std::uint8_t>(RecExitReason::kIrq);
      },
      1);
  b.threads.pe = {1};
  const auto kicks = b.threads.kicks;
  // Back in the host vCPU 1 finds the request to sleep; a signal brings it home.
  const auto home = [&](const rmm::port::Step& s) {
    if (std::string_view(s.point) == "vcpu->mode" && ran == 0) {
      b.sync.on_wait = [&](const rmm::port::Step&) { b.kvm.signal_vcpu_thread(b.vcpus[1]); };
    }
  };
  b.sync.on_step = home;
  CHECK(b.run(1) == -kEINTR);
  CHECK(ran == 0);
  CHECK(b.page(0).exit_reason == ExitReason::KVM_EXIT_SYSTEM_EVENT);
  CHECK(waited_for == 1);
  CHECK(still_inside);
  CHECK(b.threads.kicks > kicks);
  CHECK(b.rmm.calls.back().fid() == kRmiRecEnter);  // this one entry, and none after it
  CHECK(b.vcpu(1).ipi_waiters == 0);
}

TEST_CASE("PSCI in the kernel: a CPU_ON between the exit of a CPU_OFF and its handling is lost, as in v7 to v13") {
  Bench b;
  b.build(true, 2);
  b.exit_psci(kPsciCpuOn, 1, 0x8000'1000, 7);
  REQUIRE(b.run(0) == 0);
  b.exit_psci(kPsciCpuOff, 0, 0, 0, 1);
  b.exit_psci(kPsciCpuOn, 1, 0x8000'1000, 7);
  bool overtaken = false;
  b.sync.on_step = [&](const rmm::port::Step& s) {
    if (overtaken || std::string_view(s.point) != "vcpu->mode" || !b.rmm.script[1].empty()) return;
    overtaken = true;
    CHECK_FALSE(b.rmm.recs.at(b.rmm.rec_order[1]).runnable);  // AFFINITY_INFO would say OFF
    CHECK(b.run(0) == 0);
    CHECK(b.rmm.recs.at(b.rmm.rec_order[1]).runnable);  // the realm was told SUCCESS
  };
  b.sync.on_wait = [&](const rmm::port::Step&) { b.kvm.signal_vcpu_thread(b.vcpus[1]); };
  CHECK(b.run(1) == -kEINTR);
  CHECK(overtaken);
  CHECK(b.vcpu(1).mp_state.peek() == kMpStateStopped);  // and nobody enters it any more
}
