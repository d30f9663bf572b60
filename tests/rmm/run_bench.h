// SPDX-License-Identifier: GPL-2.0-or-later
// A bench for rmm/run: one ACTIVE realm with two RECs on the fake platform. PE and CPUs are its own: every register can
// be set and read, and a REC's CPU plays a script whose acts are what the realm does until its next exception.
#pragma once

#include <algorithm>
#include <array>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "rmm/abi/arch/esr.h"
#include "rmm/abi/v1_0/function_ids.h"
#include "rmm/abi/v1_0/types.h"
#include "rmm/call/call.h"
#include "rmm/core/rtt_entry.h"
#include "rmm/core/rtt_walk.h"
#include "rmm/run/enter.h"
#include "tests/rmm/fake_platform.h"

namespace bench {

namespace esr = abi::esr;
namespace v1_0 = abi::v1_0;
using abi::SysReg;

class Pe : public rmm::port::Pe {
 public:
  rmm::port::PeId id() const override { return {0}; }
  bool irq_pending() const override { return irq; }
  bool fiq_pending() const override { return fiq; }
  abi::gic::IchState& ich() override { return state; }
  std::uint64_t ich_misr() const override { return (state.hcr & abi::gic::kHcrEn) != 0 ? misr : 0; }
  bool irq = false, fiq = false;
  std::uint64_t misr = 0;
  abi::gic::IchState state;
};

class Cpu : public rmm::port::RealmCpu {
 public:
  using Act = std::function<abi::Exception(Cpu&)>;

  std::uint64_t x(unsigned n) const override { return gprs.at(n); }
  void set_x(unsigned n, std::uint64_t value) override { gprs.at(n) = value; }
  std::uint64_t pc() const override { return pc_; }
  void set_pc(std::uint64_t value) override { pc_ = value; }
  std::uint64_t pstate() const override { return pstate_; }
  void set_pstate(std::uint64_t value) override { pstate_ = value; }
  std::uint64_t sysreg(SysReg reg) const override {
    const auto it = sysregs.find(reg);
    return it == sysregs.end() ? 0 : it->second;
  }
  void set_sysreg(SysReg reg, std::uint64_t value) override { sysregs[reg] = value; }
  std::uint64_t id_register(std::uint32_t key) const override {
    const auto it = ids.find(key);
    return it == ids.end() ? ~0ULL : it->second;
  }
  void reset(abi::Mpidr) override { gprs = {}; }
  // Plays the next act; a script that has run out is an IRQ.
  abi::Exception run(rmm::port::Pe& pe, const abi::RunControls& given) override {
    ++runs;
    controls = given;
    hcr_while_running = pe.ich().hcr;
    if (script.empty()) return {.kind = abi::ExceptionKind::kIrq};
    const Act act = script.front();
    script.pop_front();
    return act(*this);
  }

  std::array<std::uint64_t, 31> gprs{};
  std::map<SysReg, std::uint64_t> sysregs;
  std::map<std::uint32_t, std::uint64_t> ids;
  std::deque<Act> script;
  abi::RunControls controls;
  std::uint64_t hcr_while_running = 0;
  int runs = 0;

 private:
  std::uint64_t pc_ = 0x1000, pstate_ = abi::pstate::kEl1h;
};

class Cpus : public rmm::port::RealmCpus {
 public:
  rmm::port::CpuId create() override {
    cpus.emplace_back();
    return {static_cast<std::uint32_t>(cpus.size() - 1)};
  }
  void destroy(rmm::port::CpuId) override {}
  rmm::port::RealmCpu& at(rmm::port::CpuId id) override { return cpus.at(id.value); }
  std::deque<Cpu> cpus;
};

struct Observer : rmm::port::Observer {
  void command_begin(const rmm::port::CommandBegin& e) override { events.push_back(std::string(e.name) + " begin"); }
  void command_end(const rmm::port::CommandEnd& e) override {
    std::string text = std::string(e.name) + " " + std::string(e.status);
    if (!e.failed_condition.empty()) text += " " + std::string(e.failed_condition);
    events.push_back(text);
  }
  void rec_exit(const rmm::port::RecExitEvent& e) override { events.push_back("exit " + std::string(e.reason)); }
  void realm_state(abi::Pa, std::string_view, std::string_view to) override {
    events.push_back("realm " + std::string(to));
  }
  std::vector<std::string> events;
};

inline constexpr abi::Pa kRd{0x8000'0000}, kRtt1{0x8001'0000}, kRtt2{0x8001'2000}, kRtt3{0x8001'3000},
    kRec0{0x8002'0000}, kRec1{0x8002'1000}, kData{0x8003'0000};
inline constexpr std::uint8_t kIpaWidth = 36;  // Unprotected half from 2^35
inline constexpr std::uint64_t kShared = 1ULL << 35;
inline constexpr abi::Ipa kRam{0x4000'0000};         // first of 512 level 3 entries
inline constexpr abi::Ipa kAssigned = kRam;          // ASSIGNED, RAM: kData
inline constexpr abi::Ipa kUnassigned{0x4000'1000};  // UNASSIGNED, RAM
inline constexpr abi::Ipa kDestroyed{0x4000'2000};
inline constexpr abi::Ipa kEmpty{0x4000'3000};  // and everything above in this table

class Bench {
 public:
  Bench() {
    make_realm();
    exit.exit_reason = 0xff;
  }

  Cpu& cpu(std::uint32_t i = 0) { return cpus.cpus.at(i); }
  rmm::core::Rec& rec(std::uint32_t i = 0) { return state.recs.at(i); }
  rmm::core::Realm& realm() { return state.realms.at(0); }

  void set_entry(abi::Ipa ipa, rmm::core::RttEntry entry) {
    memory.write64(kRtt3 + ((ipa - kRam) >> 12) * 8, rmm::core::encode(entry, 3));
  }

  // One RMI_REC_ENTER of REC 0 whose conditions hold.
  const v1_0::RecExit& enter(const v1_0::RecEnter& in = {}) {
    rmm::run::enter(environment, pe, rec(), realm(), in, exit);
    return exit;
  }
  const v1_0::RecExit& enter_flags(std::uint64_t flags, std::uint64_t gpr0 = 0) {
    v1_0::RecEnter in;
    in.flags = flags;
    in.gprs[0] = gpr0;
    return enter(in);
  }

  // Appends an act to REC 0's script.
  Bench& then(Cpu::Act act) {
    cpu().script.push_back(std::move(act));
    return *this;
  }
  Bench& then(abi::Exception e) {
    return then([e](Cpu&) { return e; });
  }
  // An SMC with these X0, X1, ...
  Bench& smc(std::vector<std::uint64_t> args) {
    return then([args](Cpu& c) {
      for (unsigned i = 0; i < args.size(); ++i) c.set_x(i, args[i]);
      return abi::Exception{.esr = esr::make(esr::Ec::kSmc64, 0)};
    });
  }

  fake::Gpt gpt;
  fake::Memory memory{gpt};
  fake::Tlb tlb;
  Cpus cpus;
  fake::Sync sync;
  fake::Clock clock;
  fake::Entropy entropy;
  Observer observer;
  fake::Attestation attestation;
  rmm::port::Platform platform{memory, gpt, tlb, cpus, sync, clock, entropy, &observer, &attestation};
  rmm::core::MonitorState state;
  rmm::core::Limits limits;
  rmm::call::Switches switches;
  rmm::call::Environment environment{platform, state, limits, switches};
  Pe pe;
  v1_0::RecExit exit;

 private:
  static abi::GranulePa granule(abi::Pa pa) { return abi::GranulePa::containing(pa); }

  void make_realm() {
    using rmm::core::GranuleState;
    using rmm::core::RttEntry;
    using rmm::core::RttState;
    state.granules = rmm::core::GranuleTable(gpt.banks());
    for (const abi::Pa pa : {kRd, kRtt1, kRtt2, kRtt3, kRec0, kRec1, kData}) gpt.force(pa, abi::Pas::kRealm);
    state.granules.at(granule(kRd)).state = GranuleState::kRd;
    auto& realm = state.realms[0];
    realm.rd = granule(kRd);
    realm.state = rmm::port::Shared(rmm::core::RealmState::kActive);
    realm.ipa_width = kIpaWidth;
    realm.rtt_base = kRtt1;
    realm.rtt_level_start = 1;
    realm.num_bps = realm.num_wps = 1;
    realm.rpv[0] = 0x5a;
    const auto fill = [&](abi::Pa table, int level, RttState s) {
      for (unsigned i = 0; i < rmm::core::kRttEntries; ++i)
        memory.write64(table + i * 8, rmm::core::encode({.state = s}, level));
    };
    fill(kRtt1, 1, RttState::kUnassigned);
    fill(kRtt2, 2, RttState::kUnassigned);
    fill(kRtt3, 3, RttState::kUnassigned);
    memory.write64(kRtt1 + 8, rmm::core::encode({.state = RttState::kTable, .address = kRtt2}, 1));
    memory.write64(kRtt2, rmm::core::encode({.state = RttState::kTable, .address = kRtt3}, 2));
    set_entry(kAssigned, {.state = RttState::kAssigned, .ripas = v1_0::Ripas::kRam, .address = kData});
    set_entry(kUnassigned, {.ripas = v1_0::Ripas::kRam});
    set_entry(kDestroyed, {.ripas = v1_0::Ripas::kDestroyed});
    for (std::uint32_t i = 0; i < 2; ++i) {
      const abi::Pa pa = i == 0 ? kRec0 : kRec1;
      state.granules.at(granule(pa)).state = GranuleState::kRec;
      auto& rec = state.recs[i];
      rec.granule = granule(pa);
      rec.owner = granule(kRd);
      rec.mpidr = {i};
      rec.runnable = rmm::port::Shared(i == 0);
      rec.cpu = cpus.create();
      cpu(i).set_sysreg(SysReg::kVbarEl1, 0xffff'0000);
    }
  }
};

// A Data Abort from the realm at `ipa` with this ISS.
inline abi::Exception data_abort(std::uint64_t ipa, std::uint64_t iss) {
  return {.esr = esr::make(esr::Ec::kDataAbortLower, iss),
          .far = 0xffff'8000'0000'0000 | (ipa & 0xfff),
          .hpfar = esr::hpfar_from_ipa(ipa)};
}
inline abi::Exception fetch_abort(std::uint64_t ipa, std::uint64_t iss) {
  return {.esr = esr::make(esr::Ec::kInstructionAbortLower, iss),
          .far = 0xffff'8000'0000'0000 | (ipa & 0xfff),
          .hpfar = esr::hpfar_from_ipa(ipa)};
}
inline constexpr std::uint64_t kTranslation3 = esr::kFscTranslation | 3;

// ISS of an access that can be emulated: size 1, 2, 4 or 8 bytes.
inline std::uint64_t emulatable(unsigned size, unsigned srt, bool write, bool sign_extend = false, bool sf = false) {
  const std::uint64_t sas = size == 1 ? 0 : size == 2 ? 1 : size == 4 ? 2 : 3;
  return esr::kIsv | (sas << esr::kSasShift) | (std::uint64_t{srt} << esr::kSrtShift) | (write ? esr::kWnr : 0) |
         (sign_extend ? esr::kSse : 0) | (sf ? esr::kSf : 0) | kTranslation3;
}

// Names of the fields of `exit` that are not zero, timers and GIC left out.
inline std::vector<std::string> named_fields(const v1_0::RecExit& exit) {
  std::vector<std::string> names;
  abi::for_each_field(exit, [&](std::string_view name, std::size_t, const auto& value) {
    if (name.starts_with("gicv3") || name.starts_with("cnt")) return;
    if constexpr (std::is_integral_v<std::remove_cvref_t<decltype(value)>>) {
      if (value != 0) names.emplace_back(name);
    } else {
      for (std::size_t i = 0; i < value.size(); ++i)
        if (value[i] != 0) names.push_back(std::string(name) + std::to_string(i));
    }
  });
  return names;
}

inline std::uint8_t reason(v1_0::RecExitReason r) { return static_cast<std::uint8_t>(r); }
using Names = std::vector<std::string>;

}  // namespace bench
