// SPDX-License-Identifier: GPL-2.0-or-later
// Every way in which KVM_RUN of a REC returns to user space in v12: the result, the exit reason, and what is in the run
// page.
#include <functional>

#include <catch2/generators/catch_generators.hpp>

#include "tests/host_kvm/kvm_bench.h"

using namespace kvmtest;

namespace {

constexpr std::uint64_t kUart = 0x0900'0000;
constexpr std::uint64_t kWordRead = abi::esr::kIsv | (2ULL << abi::esr::kSasShift);

void exit_with(Bench& b, RecExitReason reason, std::uint64_t esr = 0) {
  b.on_enter([=](const RecEnter&, RecExit& x) {
    x.exit_reason = static_cast<std::uint8_t>(reason);
    x.esr = esr;
  });
}
void refuse(Bench& b, RmiStatus status, std::uint8_t index = 0) {
  b.rmm.script[0].push_back([=](const RecEnter&, RecExit&) { return RmiReturn{status, index}; });
}
void forward_all_psci(Bench& b) {
  SmcccFilter filter{.base = 0x8400'0000, .nr_functions = 0x20, .action = 2};
  DeviceAttr attr{.group = kVmGrpSmcccCtrl, .attr = kVmSmcccFilter, .smccc_filter = &filter};
  REQUIRE(b.ioctl(b.vm, Ioctl::KVM_SET_DEVICE_ATTR, &attr) == 0);
}
bool fault_is(Bench& b, std::uint64_t gpa, std::uint64_t size, std::uint64_t flags) {
  const auto& fault = b.page().memory_fault;
  return fault.gpa == gpa && fault.size == size && fault.flags == flags;
}

struct Row {
  const char* name;
  std::function<void(Bench&)> realm;  // what it does
  long result;
  ExitReason reason;
  std::function<bool(Bench&)> page = nullptr;  // holds of the run page
};

const Row kRows[] = {
    {"RIPAS change to RAM", [](Bench& b) { b.exit_ripas(kRam, kRam + 0x3000, Ripas::kRam); }, -kEFAULT,
     ExitReason::KVM_EXIT_MEMORY_FAULT, [](Bench& b) { return fault_is(b, kRam, 0x3000, kMemoryExitFlagPrivate); }},
    {"RIPAS change to EMPTY", [](Bench& b) { b.exit_ripas(kRam, kRam + 0x3000, Ripas::kEmpty); }, -kEFAULT,
     ExitReason::KVM_EXIT_MEMORY_FAULT, [](Bench& b) { return fault_is(b, kRam, 0x3000, 0); }},
    {"private memory accessed by its shared alias", [](Bench& b) { b.exit_abort((kRam + 0x5000) | kSharedBit, 0); },
     -kEFAULT, ExitReason::KVM_EXIT_MEMORY_FAULT, [](Bench& b) { return fault_is(b, kRam + 0x5000, 0x1000, 0); }},
    {"shared memory accessed as private",
     [](Bench& b) {
       REQUIRE(b.set_private(kRam + 0x6000, 4096, false) == 0);
       b.exit_abort(kRam + 0x6000, 0);
     },
     -kEFAULT, ExitReason::KVM_EXIT_MEMORY_FAULT,
     [](Bench& b) { return fault_is(b, kRam + 0x6000, 0x1000, kMemoryExitFlagPrivate); }},
    {"a device", [](Bench& b) { b.exit_abort(kUart | kSharedBit, kWordRead); }, 0, ExitReason::KVM_EXIT_MMIO,
     [](Bench& b) { return b.page().mmio.phys_addr == kUart && b.page().mmio.len == 4; }},
    {"a call that the filter forwards",
     [](Bench& b) {
       forward_all_psci(b);
       b.exit_psci(kPsciVersion);
     },
     0, ExitReason::KVM_EXIT_HYPERCALL, [](Bench& b) { return b.page().hypercall.nr == kPsciVersion; }},
    {"SYSTEM_OFF", [](Bench& b) { b.exit_psci(kPsciSystemOff); }, 0, ExitReason::KVM_EXIT_SYSTEM_EVENT,
     [](Bench& b) { return b.page().system_event.type == kSystemEventShutdown; }},
    {"SYSTEM_RESET", [](Bench& b) { b.exit_psci(kPsciSystemReset); }, 0, ExitReason::KVM_EXIT_SYSTEM_EVENT,
     [](Bench& b) { return b.page().system_event.type == kSystemEventReset; }},
    {"R1: the realm is off", [](Bench& b) { refuse(b, RmiStatus::kErrorRealm, 1); }, 0, ExitReason::KVM_EXIT_SHUTDOWN},
    {"the realm is in another wrong state", [](Bench& b) { refuse(b, RmiStatus::kErrorRealm, 0); }, -kENXIO,
     ExitReason::KVM_EXIT_UNKNOWN},
    {"the REC is not runnable or runs", [](Bench& b) { refuse(b, RmiStatus::kErrorRec); }, -kENXIO,
     ExitReason::KVM_EXIT_UNKNOWN},
    {"REC_ENTER refuses its arguments", [](Bench& b) { refuse(b, RmiStatus::kErrorInput); }, -kENXIO,
     ExitReason::KVM_EXIT_UNKNOWN},
    {"an SError", [](Bench& b) { exit_with(b, RecExitReason::kSerror); }, 0, ExitReason::KVM_EXIT_INTERNAL_ERROR},
    {"an exit reason that nobody knows", [](Bench& b) { exit_with(b, static_cast<RecExitReason>(0x55)); }, 0,
     ExitReason::KVM_EXIT_INTERNAL_ERROR},
    {"an instruction abort",
     [](Bench& b) {
       exit_with(b, RecExitReason::kSync,
                 abi::esr::make(abi::esr::Ec::kInstructionAbortLower, abi::esr::kFscTranslation));
     },
     -kENXIO, ExitReason::KVM_EXIT_UNKNOWN},
    {"a WFI", [](Bench& b) { exit_with(b, RecExitReason::kSync, abi::esr::make(abi::esr::Ec::kWfx, 0)); }, -kENXIO,
     ExitReason::KVM_EXIT_UNKNOWN},
    {"an SMC", [](Bench& b) { exit_with(b, RecExitReason::kSync, abi::esr::make(abi::esr::Ec::kSmc64, 0)); }, -kENXIO,
     ExitReason::KVM_EXIT_UNKNOWN},
    {"R16: an empty RIPAS range", [](Bench& b) { b.exit_ripas(kRam, kRam, Ripas::kRam); }, -kEINVAL,
     ExitReason::KVM_EXIT_UNKNOWN},
    {"R15: a RIPAS range that is not private",
     [](Bench& b) { b.exit_ripas(kRam | kSharedBit, (kRam | kSharedBit) + 0x1000, Ripas::kRam); }, -kEINVAL,
     ExitReason::KVM_EXIT_UNKNOWN},
    {"immediate_exit", [](Bench& b) { b.page().immediate_exit = 1; }, -kEINTR, ExitReason::KVM_EXIT_INTR},
    {"a signal", [](Bench& b) { b.kvm.signal_vcpu_thread(b.vcpus[0]); }, -kEINTR, ExitReason::KVM_EXIT_INTR},
};

}  // namespace

TEST_CASE("each exit of a REC reaches user space with v12's result and reason") {
  for (const auto& row : kRows) {
    INFO(row.name);
    Bench b;
    b.build(true);
    row.realm(b);
    CHECK(b.run() == row.result);
    CHECK(b.page().exit_reason == row.reason);
    if (row.page) CHECK(row.page(b));
    CHECK(b.rmm.script[0].empty());  // it happened
  }
}

TEST_CASE("a REC whose realm is not active, or not any more, is EINVAL") {
  Bench b;
  b.build(true);
  b.exit_irq();
  REQUIRE(b.run() == 0);
  const auto entries = b.rmm.count(kRmiRecEnter);
  const auto state = GENERATE(RealmState::kNew, RealmState::kDying, RealmState::kDead);
  b.kvm_vm().realm.state = state;
  CHECK(b.run() == -kEINVAL);
  CHECK(b.rmm.count(kRmiRecEnter) == entries);
  b.kvm_vm().realm.state = RealmState::kActive;
}

TEST_CASE("R1: a vCPU that runs again after SYSTEM_OFF sleeps before it enters") {
  Bench b;
  b.build(true, 2);
  b.exit_psci(kPsciSystemOff);
  REQUIRE(b.run() == 0);
  b.sync.on_wait = [&](const rmm::port::Step& s) {
    CHECK(std::string_view(s.point) == "kvm_vcpu_sleep");
    b.kvm.signal_vcpu_thread(b.vcpus[1]);
  };
  const auto entries = b.rmm.count(kRmiRecEnter);
  CHECK(b.run(1) == -kEINTR);
  CHECK(b.sync.waits == 1);
  CHECK(b.rmm.count(kRmiRecEnter) == entries);
}
