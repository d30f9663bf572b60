// SPDX-License-Identifier: GPL-2.0-or-later
// The monitor on real memory, with real MMU and CPUs, and the test as its host: RMI calls by function, no KVM, no
// scheduler, time by retired instructions. A realm runs programs of a few instructions that end in a trapped WFI.
#pragma once

#include <array>
#include <bit>
#include <catch2/catch_test_macros.hpp>
#include <cstring>
#include <optional>

#include "rmm/abi/v1_0/function_ids.h"
#include "rmm/abi/v1_0/structures.h"
#include "rmm/core/rtt.h"
#include "rmm/monitor.h"
#include "sim/firmware/el3.h"
#include "sim/mem/realm_view.h"
#include "sim/sched/pe.h"
#include "tests/rmm/fake_platform.h"
#include "tests/sim/cpu_a64.h"
#include "tests/sim/cpu_machine.h"

namespace realm_bench {

using namespace abi::v1_0;  // NOLINT: function ids and structures of the version under test
using Program = a64::Program;

inline constexpr std::uint64_t kPage = abi::kGranuleSize;
inline constexpr std::uint64_t kBlock2 = 1ULL << 21;
inline constexpr std::uint64_t kBlock1 = 1ULL << 30;
inline constexpr std::uint64_t kHostRw = (6ULL << 2) | (3ULL << 6);  // Write-Back, read and write

class Bench {
 public:
  // The low bank is for what tests allocate; the high one, of two 1 GiB blocks, for addresses that they choose.
  static constexpr abi::Pa kLow{0x8000'0000}, kHigh{0x40'0000'0000};
  static constexpr std::uint64_t kLowSize = 0x1000'0000, kHighSize = 2 * kBlock1;

  explicit Bench(sim::CpuModel model = sim::CpuModel::kMax, const rmm::core::Limits& limits = {})
      : cpus(dram, gpt, execution, cpu_config(model, limits), [this]() -> rmm::port::Pe& { return pe; }),
        state(rmm::Monitor::boot_state(firmware)),
        monitor(ports, limits, state) {}

  template <class... Args>
  std::array<std::uint64_t, 18> call(std::uint32_t fid, Args... args) {
    abi::SmcRegs regs;
    regs.x[0] = fid;
    std::size_t i = 1;
    ((regs.x[i++] = value(args)), ...);
    return monitor.rmi(pe, regs).x;
  }
  template <class... Args>
  std::array<std::uint64_t, 18> succeeds(std::uint32_t fid, Args... args) {
    const auto x = call(fid, args...);
    CAPTURE(fid);
    REQUIRE(x[0] == 0);
    return x;
  }

  abi::Pa ns() {
    const abi::Pa pa = next_;
    next_ += kPage;
    return pa;
  }
  abi::Pa delegate(abi::Pa pa) {
    succeeds(kRmiGranuleDelegate, pa);
    return pa;
  }
  abi::Pa delegated() { return delegate(ns()); }
  abi::Pa delegated_run(std::uint64_t count) {
    next_ = {abi::align_up(next_.value, count * kPage)};
    const abi::Pa base = next_;
    for (std::uint64_t i = 0; i < count; ++i) delegated();
    return base;
  }
  template <class Struct>
  void put(abi::Pa pa, const Struct& what) {
    abi::encode(what, std::span(dram.write_native(abi::GranulePa::containing(pa)) + (pa.value & (kPage - 1)),
                                abi::Layout<Struct>::kSize));
  }
  // Memory whatever its PAS.
  std::uint64_t read64(abi::Pa pa) const {
    std::uint64_t word = 0;
    std::memcpy(&word, dram.bytes(abi::GranulePa::containing(pa)) + (pa.value & (kPage - 1)), sizeof word);
    return word;
  }
  void write64(abi::Pa pa, std::uint64_t word) {
    std::memcpy(dram.write_native(abi::GranulePa::containing(pa)) + (pa.value & (kPage - 1)), &word, sizeof word);
  }

  sim::Dram dram{{{.base = kLow, .size = kLowSize}, {.base = kHigh, .size = kHighSize}}};
  sim::GptState gpt_state;
  sim::Gpt gpt{gpt_state, dram};
  cpu_test::FlatExecution execution;
  sim::PeState pe_state;
  sim::Pe pe{pe_state};
  sim::Cpus cpus;
  fake::Clock clock;
  fake::Sync sync;
  fake::Entropy entropy;
  sim::El3 firmware{dram, gpt, clock, [this]() -> rmm::port::Pe& { return pe; }};
  sim::RealmView memory{dram, gpt};
  rmm::port::Platform ports{memory, firmware, cpus, cpus, sync, clock, entropy};
  rmm::core::MonitorState state;
  rmm::Monitor monitor;

 private:
  static sim::CpuConfig cpu_config(sim::CpuModel model, const rmm::core::Limits& limits) {
    return {.model = model, .pmu_counters = limits.pmu ? std::optional(limits.pmu_num_ctrs) : std::nullopt};
  }
  template <class T>
  static std::uint64_t value(T v) {
    if constexpr (requires { v.value; })
      return v.value;
    else
      return static_cast<std::uint64_t>(v);
  }
  abi::Pa next_ = kLow;
};

struct Shape {
  std::uint8_t width = 33;
  std::int64_t level = 1;
  std::uint32_t tables = 1;
  std::optional<std::uint8_t> pmu_counters{};  // none: no PMU
};

// A realm of one REC. Code lies in the granule at IPA 0: programs at 0, exceptions at kVector.
class Realm {
 public:
  static constexpr std::uint64_t kVector = 0x200;  // synchronous, current level with SP_ELx; VBAR_EL1 is zero

  explicit Realm(Bench& bench, const Shape& shape = {})
      : b(bench), rd(b.delegated()), unprotected(1ULL << (shape.width - 1)), end(1ULL << shape.width) {
    const abi::Pa params = b.ns(), tables = b.delegated_run(shape.tables);
    RealmParams p;
    p.s2sz = shape.width;
    p.num_bps = p.num_wps = 1;
    if (shape.pmu_counters) {
      p.flags |= kRealmFlagPmu;
      p.pmu_num_ctrs = *shape.pmu_counters;
    }
    p.vmid = 1;
    p.rtt_base = tables.value;
    p.rtt_level_start = shape.level;
    p.rtt_num_start = shape.tables;
    b.put(params, p);
    b.succeeds(kRmiRealmCreate, rd, params);
    code_ = map_new(0);
  }

  const rmm::core::Realm& object() const {
    return b.state.realms.at(b.state.granules.peek(abi::GranulePa::containing(rd)).object);
  }
  rmm::core::RttWalk walk(std::uint64_t ipa, int level = 3) const {
    return rmm::core::walk({b.ports, b.state}, object(), {ipa}, level);
  }
  void add_rtts(std::uint64_t ipa, int level = 3) {
    for (;;) {
      const auto w = walk(ipa, level);
      if (w.level >= level) return;
      b.succeeds(kRmiRttCreate, rd, b.delegated(), abi::align_down(ipa, w.size()), w.level + 1);
    }
  }
  // A granule of RAM at a Protected IPA of a NEW realm.
  abi::Pa map_new(std::uint64_t ipa) {
    add_rtts(ipa);
    const abi::Pa data = b.delegated();
    b.succeeds(kRmiDataCreate, rd, data, ipa, b.ns(), 0);
    return data;
  }
  void map_shared(std::uint64_t ipa, int level, abi::Pa pa) {
    add_rtts(ipa, level);
    b.succeeds(kRmiRttMapUnprotected, rd, ipa, level, pa.value | kHostRw);
  }
  // From here on programs can run.
  void start() {
    rec = b.delegated();
    const abi::Pa params = b.ns();
    RecParams p;
    p.flags = kRecFlagRunnable;
    p.num_aux = b.monitor.limits().num_rec_aux;
    for (std::size_t i = 0; i < p.num_aux; ++i) p.aux[i] = b.delegated().value;
    b.put(params, p);
    b.succeeds(kRmiRecCreate, rd, rec, params);
    b.succeeds(kRmiRealmActivate, rd);
    run_page_ = b.ns();
    cpu().set_sysreg(abi::SysReg::kVbarEl1, 0);
  }
  sim::Cpu& cpu() {
    const auto& object = b.state.recs.at(b.state.granules.peek(abi::GranulePa::containing(rec)).object);
    return b.cpus.cpu(object.cpu.value);
  }
  // One RMI_REC_ENTER, with WFI trapped.
  RecExit enter(RecEnter in = {}) {
    in.flags |= kEnterTrapWfi;
    b.put(run_page_, in);
    b.succeeds(kRmiRecEnter, rec, run_page_);
    return abi::decode<RecExit>(std::span(b.dram.bytes(abi::GranulePa::containing(run_page_)) + kRecRunExitOffset,
                                          abi::Layout<RecExit>::kSize));
  }
  // Puts the program at IPA 0, ended by WFI, and a vector that leaves the syndrome in X13 and its FAR in X14; then runs
  // from there to the next exit, at EL1 without stage 1.
  RecExit run(Program program, const RecEnter& in = {}) {
    a64::append(program, {a64::kWfi});
    REQUIRE(program.size() * sizeof(a64::Word) <= kVector);
    cpu().set_pc(0);
    cpu().set_pstate(abi::pstate::kResetEl1);
    cpu().set_x(13, kNoException);
    place(0, program);
    Program vector;
    a64::append(vector, {a64::mrs(13, abi::SysReg::kEsrEl1), a64::mrs(14, abi::SysReg::kFarEl1), a64::kWfi});
    place(kVector, vector);
    return enter(in);
  }
  // The program ran to its end without an exception to EL1.
  bool completed() { return cpu().x(13) == kNoException; }
  std::uint64_t esr() { return cpu().x(13); }
  std::uint64_t far() { return cpu().x(14); }

  static constexpr std::uint64_t kNoException = ~0ULL;

  Bench& b;
  abi::Pa rd, rec;
  std::uint64_t unprotected, end;  // first Unprotected IPA, first IPA beyond the realm's space

 private:
  void place(std::uint64_t offset, const Program& program) {
    std::memcpy(b.dram.write_native(abi::GranulePa::containing(code_)) + offset, program.data(),
                program.size() * sizeof(a64::Word));
  }
  abi::Pa code_, run_page_;
};

inline bool is_wfi(const RecExit& exit) {
  return exit.exit_reason == static_cast<std::uint8_t>(RecExitReason::kSync) &&
         abi::esr::ec(exit.esr) == abi::esr::Ec::kWfx;
}

}  // namespace realm_bench
