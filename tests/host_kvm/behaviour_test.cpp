// SPDX-License-Identifier: GPL-2.0-or-later
// Every field of KvmBehaviour, flipped alone, changes something that user space or the realm can see.
#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "tests/host_kvm/kvm_bench.h"

using namespace kvmtest;

namespace {

void build(Bench& b, const KvmBehaviour& behaviour, unsigned vcpus = 1) {
  b.state.behaviour = behaviour;
  b.build(true, vcpus);
}

std::string life_cycle(const KvmBehaviour& behaviour) {
  Bench b;
  build(b, behaviour);
  b.exit_irq();
  const long create = b.rme(RmeAction::KVM_CAP_ARM_RME_CREATE_REALM);
  return fmt::format("create {} run {}", create, b.run());
}

std::string init_ripas_at_activation(const KvmBehaviour& behaviour) {
  Bench b;
  build(b, behaviour);
  b.exit_irq();
  REQUIRE(b.run() == 0);
  return b.rmm.entry_at(kRam + 0x5000).ripas == Ripas::kRam ? "RAM" : "EMPTY";
}

// What X0 a realm finds that user space set after the exit and before the entry.
std::string gpr_write_back(const KvmBehaviour& behaviour) {
  Bench b;
  build(b, behaviour);
  b.exit_psci(kPsciSystemOff);
  REQUIRE(b.run() == 0);
  std::uint64_t value = 0x77;
  OneReg x0{arm_core_reg(0), &value};
  REQUIRE(b.ioctl(b.vcpus[0], Ioctl::KVM_SET_ONE_REG, &x0) == 0);
  MpState runnable{kMpStateRunnable};
  REQUIRE(b.ioctl(b.vcpus[0], Ioctl::KVM_SET_MP_STATE, &runnable) == 0);
  std::uint64_t seen = 0;
  b.on_enter([&](const RecEnter& e, RecExit&) { seen = e.gprs[0]; });
  (void)b.run();
  return fmt::format("{}", static_cast<std::int64_t>(seen));
}

std::uint64_t sysreg_access(std::uint8_t rt, bool is_read) {
  return abi::esr::make(abi::esr::Ec::kSysReg, abi::esr::make_sysreg_iss({3, 0, 12, 11, 5, rt, is_read}));
}

// The value that an MSR from X5 gave to the kernel, and the registers of the entry after an MRS to X5.
std::string sysreg_gprs(const KvmBehaviour& behaviour) {
  Bench b;
  build(b, behaviour);
  b.on_enter([](const RecEnter&, RecExit& x) {
    x.esr = sysreg_access(5, false);
    x.gprs[0] = 0xa0;
    x.gprs[5] = 0xa5;
  });
  std::uint64_t written = 0;
  b.on_enter([&](const RecEnter&, RecExit& x) {
    written = b.vcpu().regs[5];
    x.exit_reason = static_cast<std::uint8_t>(RecExitReason::kHostCall);
    x.gprs.fill(0xcc);
  });
  b.on_enter([](const RecEnter&, RecExit& x) { x.esr = sysreg_access(5, true); });
  RecEnter seen;
  b.on_enter([&](const RecEnter& e, RecExit&) { seen = e; });
  (void)b.run();
  return fmt::format("wrote {:#x} read in {}{}", written, seen.gprs[0] == 0 ? "X0" : "", seen.gprs[5] == 0 ? "X5" : "");
}

// Guest time after an IRQ exit and another exit, each with an interrupt that came during the realm's run.
std::string irq_window(const KvmBehaviour& behaviour) {
  Bench b;
  build(b, behaviour);
  for (const auto reason : {RecExitReason::kIrq, RecExitReason::kFiq}) {
    b.on_enter([&b, reason](const RecEnter&, RecExit& x) {
      b.threads.irq = true;
      x.exit_reason = static_cast<std::uint8_t>(reason);
    });
  }
  REQUIRE(b.run() == 0);
  CHECK_FALSE(b.threads.irq);  // taken in any case
  return fmt::format("{} ns", b.vcpu().guest_time_ns);
}

std::string rec_block_arms_timer(const KvmBehaviour& behaviour) {
  Bench b;
  build(b, behaviour);
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
  CHECK(b.run() == -kEINTR);
  return fmt::format("deadline {}", b.sync.last_deadline);
}

std::string entry_fails_with(const KvmBehaviour& behaviour, RmiStatus status) {
  Bench b;
  build(b, behaviour);
  b.rmm.script[0].push_back([status](const RecEnter&, RecExit&) { return RmiReturn{status, 0}; });
  const long result = b.run();
  return fmt::format("{} exit {}", result, static_cast<unsigned>(b.page().exit_reason));
}
std::string shutdown_needs_system_off_index(const KvmBehaviour& behaviour) {
  return entry_fails_with(behaviour, RmiStatus::kErrorRealm);
}
std::string rec_error_is_eagain(const KvmBehaviour& behaviour) {
  return entry_fails_with(behaviour, RmiStatus::kErrorRec);
}

std::string serror_exit_resumes(const KvmBehaviour& behaviour) {
  Bench b;
  build(b, behaviour);
  b.on_enter([](const RecEnter&, RecExit& x) { x.exit_reason = static_cast<std::uint8_t>(RecExitReason::kSerror); });
  REQUIRE(b.run() == 0);
  return fmt::format("{} entries", b.rmm.count(kRmiRecEnter));
}

struct Flip {
  std::string_view field;
  std::string (*observe)(const KvmBehaviour&);
  std::vector<std::string> expected;  // by value
};

const std::vector<Flip>& flips() {
  static const std::vector<Flip> kFlips = {
      {"life_cycle", life_cycle, {"create -22 run 0", "create 0 run -1"}},
      {"init_ripas_at_activation", init_ripas_at_activation, {"EMPTY", "RAM"}},
      {"gpr_write_back", gpr_write_back, {"119", "-6"}},
      {"sysreg_gprs", sysreg_gprs, {"wrote 0xa0 read in X0", "wrote 0xa5 read in X5"}},
      {"irq_window", irq_window, {"0 ns", "600 ns", "300 ns"}},
      {"rec_block_arms_timer", rec_block_arms_timer, {"deadline 0", "deadline 16000"}},
      {"shutdown_needs_system_off_index", shutdown_needs_system_off_index, {"0 exit 8", "-6 exit 0"}},
      {"serror_exit_resumes", serror_exit_resumes, {"1 entries", "2 entries"}},
      {"rec_error_is_eagain", rec_error_is_eagain, {"-6 exit 0", "-11 exit 0"}},
  };
  return kFlips;
}

// The sources of host/kvm, comments left out.
std::string kvm_sources() {
  std::string all;
  for (const auto& entry : std::filesystem::recursive_directory_iterator("host/kvm")) {
    if (entry.path().extension() != ".cpp") continue;
    std::ifstream file(entry.path());
    for (std::string line; std::getline(file, line);) all += line.substr(0, line.find("//")) + "\n";
  }
  return all;
}

// How often `word` stands in `text` with no letter, digit or underscore after it.
std::size_t count_word(std::string_view text, std::string_view word) {
  std::size_t count = 0;
  for (std::size_t at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) {
    const std::size_t end = at + word.size();
    const bool longer =
        end < text.size() && (std::isalnum(static_cast<unsigned char>(text[end])) != 0 || text[end] == '_');
    if (!longer) ++count;
  }
  return count;
}

}  // namespace

TEST_CASE("each field of KvmBehaviour, flipped alone, changes a result") {
  for (const auto& flip : flips()) {
    INFO(flip.field);
    const auto fields = behaviour_fields();
    const auto field = std::find_if(fields.begin(), fields.end(), [&](const auto& f) { return f.name == flip.field; });
    REQUIRE(field != fields.end());
    REQUIRE(flip.expected.size() == field->values.size());
    for (unsigned value = 0; value < field->values.size(); ++value) {
      KvmBehaviour behaviour;
      field->set(behaviour, value);
      REQUIRE(field->get(behaviour) == value);
      INFO(field->values[value]);
      CHECK(flip.observe(behaviour) == flip.expected[value]);
    }
    CHECK(std::set(flip.expected.begin(), flip.expected.end()).size() == flip.expected.size());
  }
}

TEST_CASE("no field of KvmBehaviour is without a test that flips it, or read in more than one place") {
  const std::string sources = kvm_sources();
  REQUIRE_FALSE(sources.empty());
  for (const auto& field : behaviour_fields()) {
    INFO(field.name);
    CHECK(std::count_if(flips().begin(), flips().end(), [&](const Flip& f) { return f.field == field.name; }) == 1);
    CHECK(count_word(sources, fmt::format("behaviour.{}", field.name)) == 1);
  }
}
