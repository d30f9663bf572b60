// SPDX-License-Identifier: GPL-2.0-or-later
// A bench for rmm/run: one ACTIVE realm with two RECs on a machine without memory management or instructions. A REC's
// CPU plays a script: each step is what the realm does until its next exception.
#pragma once

#include <algorithm>
#include <array>
#include <cstring>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "rmm/abi/arch/esr.h"
#include "rmm/abi/v1_0/function_ids.h"
#include "rmm/abi/v1_0/types.h"
#include "rmm/call/call.h"
#include "rmm/core/rtt_entry.h"
#include "rmm/core/rtt_walk.h"
#include "rmm/run/enter.h"

namespace bench {

namespace esr = abi::esr;
namespace v1_0 = abi::v1_0;
using abi::SysReg;

class Memory : public rmm::port::GranuleMemory {
 public:
  tl::expected<void, rmm::port::Gpf> read_ns(abi::Pa pa, std::span<std::byte> out) override {
    read(pa, out);
    return {};
  }
  tl::expected<void, rmm::port::Gpf> write_ns(abi::Pa pa, std::span<const std::byte> in) override {
    write(pa, in);
    return {};
  }
  void read(abi::Pa pa, std::span<std::byte> out) override { std::memcpy(out.data(), at(pa), out.size()); }
  void write(abi::Pa pa, std::span<const std::byte> in) override { std::memcpy(at(pa), in.data(), in.size()); }
  std::uint64_t read64(abi::Pa pa) override {
    std::uint64_t value = 0;
    std::memcpy(&value, at(pa), sizeof value);
    return value;
  }
  void write64(abi::Pa pa, std::uint64_t value) override { std::memcpy(at(pa), &value, sizeof value); }
  void wipe(abi::GranulePa granule) override { granules_[granule.frame()].fill(std::byte{0}); }
  std::span<const std::byte> peek(abi::GranulePa granule) override { return granules_[granule.frame()]; }

 private:
  std::byte* at(abi::Pa pa) { return granules_[pa.value >> 12].data() + (pa.value & 0xfff); }
  std::map<std::uint64_t, std::array<std::byte, abi::kGranuleSize>> granules_;
};

class Gpt : public rmm::port::Gpt {
 public:
  std::span<const rmm::port::MemoryBank> banks() const override { return banks_; }
  abi::Pas pas(abi::GranulePa) const override { return abi::Pas::kRealm; }
  bool set_pas(abi::GranulePa, abi::Pas) override { return true; }

 private:
  std::array<rmm::port::MemoryBank, 1> banks_{{{.base = {0x8000'0000}, .size = 0x1000'0000}}};
};

class Tlb : public rmm::port::Tlb {
 public:
  void invalidate(abi::Vmid, abi::IpaRange) override {}
  void invalidate_all(abi::Vmid) override {}
};

// One actor: every lock is free.
class Sync : public rmm::port::Sync {
 public:
  rmm::port::ActorId self() const override { return {0}; }
  void step(const rmm::port::Step&) override {}
  void wait(rmm::port::WaitQueue&, const rmm::port::Step&) override { std::abort(); }
  void wait_until(rmm::port::WaitQueue&, std::uint64_t, const rmm::port::Step&) override { std::abort(); }
  void wake_all(rmm::port::WaitQueue&) override {}
  void acquire(rmm::port::Lock& lock, const rmm::port::Step&) override {
    if (lock.held()) std::abort();
    lock.holder = self();
    ++held;
  }
  void release(rmm::port::Lock& lock, const rmm::port::Step&) override {
    lock.holder = {};
    --held;
  }
  void acquire_read(rmm::port::RwLock&, const rmm::port::Step&) override {}
  void release_read(rmm::port::RwLock&, const rmm::port::Step&) override {}
  void acquire_write(rmm::port::RwLock&, const rmm::port::Step&) override {}
  void release_write(rmm::port::RwLock&, const rmm::port::Step&) override {}
  int held = 0;
};

class Clock : public rmm::port::Clock {
 public:
  std::uint64_t now_ns() const override { return 0; }
  void spend_ns(std::uint64_t) override {}
};

class Entropy : public rmm::port::Entropy {
 public:
  void fill(std::span<std::byte> out) override { std::fill(out.begin(), out.end(), std::byte{7}); }
};

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
    environment_state();
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

  Memory memory;
  Gpt gpt;
  Tlb tlb;
  Cpus cpus;
  Sync sync;
  Clock clock;
  Entropy entropy;
  Observer observer;
  rmm::port::Platform platform{memory, gpt, tlb, cpus, sync, clock, entropy, &observer};
  rmm::core::MonitorState state;
  rmm::core::Limits limits;
  rmm::call::Switches switches;
  rmm::call::Environment environment{platform, state, limits, switches};
  Pe pe;
  v1_0::RecExit exit;

 private:
  static abi::GranulePa granule(abi::Pa pa) { return abi::GranulePa::containing(pa); }

  void environment_state() {
    using rmm::core::GranuleState;
    using rmm::core::RttEntry;
    using rmm::core::RttState;
    state.granules = rmm::core::GranuleTable(gpt.banks());
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
