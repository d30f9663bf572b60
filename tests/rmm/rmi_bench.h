// SPDX-License-Identifier: GPL-2.0-or-later
// A monitor on the fake platform, called as a host calls it, with what tests of RMI commands ask for again and again.
#pragma once

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <memory>
#include <optional>
#include <sstream>

#include "rmm/abi/v1_0/function_ids.h"
#include "rmm/abi/v1_0/structures.h"
#include "rmm/core/rec_lifecycle.h"
#include "rmm/core/rtt.h"
#include "rmm/monitor.h"
#include "tests/rmm/fake_platform.h"

namespace rmi {

using namespace abi::v1_0;  // NOLINT: function ids and enumerations of the version under test
using rmm::core::GranuleState;

inline constexpr std::uint64_t kPage = abi::kGranuleSize;
inline constexpr std::uint64_t kBlock2 = 1ULL << 21;
inline constexpr std::uint64_t kBlock1 = 1ULL << 30;

struct Recorder : rmm::port::Observer {
  void command_begin(const rmm::port::CommandBegin& e) override {
    begun = e.name;
    args.assign(e.args.begin(), e.args.end());
  }
  void command_end(const rmm::port::CommandEnd& e) override {
    ended = e.name;
    status = e.status;
    condition = e.failed_condition;
    values.assign(e.values.begin(), e.values.end());
  }
  void ns_read(abi::Pa, std::uint64_t) override { ++ns_reads; }
  void granule_transition(const rmm::port::GranuleTransition& e) override {
    transitions.push_back(std::string(e.from) + ">" + std::string(e.to));
  }
  void rtt_write(const rmm::port::RttWrite& e) override { rtt_writes.push_back(e); }
  void ripas_change(const rmm::port::RipasChange& e) override { ripas_changes.push_back(e); }
  void realm_state(abi::Pa, std::string_view from, std::string_view to) override {
    realm_states.push_back(std::string(from) + ">" + std::string(to));
  }
  void tlb_invalidate(abi::Vmid vmid, abi::IpaRange range) override { invalidations.push_back({vmid, range}); }

  std::string begun, ended, status, condition;
  std::vector<rmm::port::ArgumentValue> args;
  std::vector<rmm::port::OperandValue> values;  // of the condition that failed
  unsigned ns_reads = 0;
  std::vector<std::string> transitions;
  std::vector<rmm::port::RttWrite> rtt_writes;
  std::vector<rmm::port::RipasChange> ripas_changes;
  std::vector<std::string> realm_states;
  std::vector<fake::Invalidation> invalidations;
};

struct Answer {
  RmiStatus status;
  unsigned index;
  std::array<std::uint64_t, 18> x;
  std::string condition;
  bool ok() const { return x[0] == 0; }
};

// FNV-1a over a granule's bytes.
constexpr std::uint64_t content_hash(std::span<const std::byte> bytes) {
  std::uint64_t hash = 14695981039346656037ULL;
  for (const std::byte b : bytes) hash = (hash ^ static_cast<std::uint64_t>(b)) * 1099511628211ULL;
  return hash;
}

// Somebody who watches the monitor of each bench that its test has not wired: tests/mutation puts the model or the
// invariants there, and every test becomes a scene for them.
class Judge {
 public:
  virtual ~Judge() = default;
  virtual rmm::port::Platform wire(const rmm::port::Platform& machine, rmm::core::MonitorState& state,
                                   const rmm::core::Limits& limits) = 0;
  virtual abi::SmcRegs call(rmm::Monitor& monitor, rmm::port::Pe& pe, const abi::SmcRegs& regs) = 0;
};
inline std::function<std::unique_ptr<Judge>()> appoint_judge;  // null: nobody watches

class Bench {
 public:
  // Puts something between the monitor and the platform.
  using Wiring = std::function<rmm::port::Platform(const rmm::port::Platform&)>;

  explicit Bench(const rmm::core::Limits& limits = {}, const Wiring& wire = nullptr)
      : state(rmm::Monitor::boot_state(platform.gpt)),
        judge_(wire == nullptr && appoint_judge != nullptr ? appoint_judge() : nullptr),
        monitor(wired(platform.ports(&recorder), wire, limits), limits, state) {}

  // One SMC of the host.
  abi::SmcRegs smc(const abi::SmcRegs& regs) {
    if (firmware) return firmware(regs);
    return judge_ != nullptr ? judge_->call(monitor, platform.pe, regs) : monitor.rmi(platform.pe, regs);
  }

  template <class... Args>
  Answer call(std::uint32_t fid, Args... args) {
    abi::SmcRegs regs;
    regs.x.fill(0x5a5a);
    regs.x[0] = fid;
    std::size_t i = 1;
    ((regs.x[i++] = value(args)), ...);
    const abi::SmcRegs out = smc(regs);
    REQUIRE(platform.sync.held == 0);  // I25
    const RmiReturn r = RmiReturn::from_raw(out.x[0]);
    return {r.status, r.index, out.x, recorder.condition};
  }

  // The command fails with `condition` and `status`, index `index`, and leaves no trace (I23).
  template <class... Args>
  Answer fails(const char* condition, RmiStatus status, unsigned index, std::uint32_t fid, Args... args) {
    const std::string before = fingerprint();
    Answer a = call(fid, args...);
    CHECK(a.condition == condition);
    CHECK(a.status == status);
    CHECK(a.index == index);
    CHECK(fingerprint() == before);
    return a;
  }
  template <class... Args>
  Answer fails_input(const char* condition, std::uint32_t fid, Args... args) {
    return fails(condition, RmiStatus::kErrorInput, 0, fid, args...);
  }
  template <class... Args>
  Answer succeeds(std::uint32_t fid, Args... args) {
    Answer a = call(fid, args...);
    INFO("failed condition " << a.condition);
    REQUIRE(a.ok());
    CHECK(a.condition.empty());
    return a;
  }

  // A Non-secure granule never handed out before.
  abi::Pa ns() {
    const abi::Pa pa = next_;
    next_ += kPage;
    return pa;
  }
  abi::Pa delegated() {
    const abi::Pa pa = ns();
    succeeds(kRmiGranuleDelegate, pa);
    return pa;
  }
  // `count` contiguous delegated granules, aligned to count granules.
  abi::Pa delegated_run(std::uint64_t count) {
    next_ = {abi::align_up(next_.value, count * kPage)};
    const abi::Pa base = next_;
    for (std::uint64_t i = 0; i < count; ++i) delegated();
    return base;
  }
  // Puts a structure into a Non-secure granule.
  template <class Struct>
  void put(abi::Pa pa, const Struct& value) {
    std::memset(platform.memory.bytes(pa), 0, abi::Layout<Struct>::kSize);
    abi::encode(value, std::span(platform.memory.bytes(pa), abi::Layout<Struct>::kSize));
  }

  GranuleState state_of(abi::Pa pa) const { return state.granules.peek(abi::GranulePa::containing(pa)).state; }
  unsigned refcount(abi::Pa pa) const { return state.granules.peek(abi::GranulePa::containing(pa)).refcount; }
  rmm::core::Realm& realm(abi::Pa rd) {
    return state.realms.at(state.granules.peek(abi::GranulePa::containing(rd)).object);
  }
  rmm::core::Rec& rec(abi::Pa pa) { return state.recs.at(state.granules.peek(abi::GranulePa::containing(pa)).object); }
  fake::RealmCpu& cpu(abi::Pa rec_pa) { return platform.cpus.at(rec(rec_pa).cpu); }
  rmm::core::RttWalk walk(abi::Pa rd, std::uint64_t ipa, int level = 3) {
    return rmm::core::walk({ports_, state}, realm(rd), abi::Ipa{ipa}, level);
  }

  // Everything a failing command must leave alone, as text.
  std::string fingerprint() {
    std::ostringstream out;
    state.granules.for_each_delegated([&](abi::GranulePa pa, const rmm::core::Granule& g) {
      out << pa.pa().value << ' ' << static_cast<int>(g.state) << ' ' << g.refcount << ' ' << g.object << ' '
          << static_cast<int>(platform.gpt.pas(pa)) << '\n';
    });
    for (const auto& [index, r] : state.realms) {
      out << "realm " << index << ' ' << static_cast<int>(r.state.peek()) << ' ' << r.num_recs.peek() << ' '
          << r.rec_index;
      for (const auto& m : r.measurements)
        for (const auto byte : m) out << ' ' << static_cast<int>(byte);
      out << '\n';
    }
    for (const auto& [index, r] : state.recs)
      out << "rec " << index << ' ' << static_cast<int>(r.state.peek()) << ' ' << r.runnable.peek() << ' '
          << r.psci.pending << ' ' << r.ripas.addr.value << ' ' << r.ripas.top.value << '\n';
    out << state.vmids.count() << ' ' << platform.cpus.cpus.size() << ' ' << platform.tlb.log.size() << '\n';
    const fake::Memory::Bytes zero{};
    for (const auto& [frame, bytes] : platform.memory.all())
      if (bytes != zero) out << frame << ' ' << content_hash(bytes) << '\n';
    return out.str();
  }

  fake::Platform platform;
  Recorder recorder;
  rmm::core::MonitorState state;

 private:
  std::unique_ptr<Judge> judge_;  // before what it watches

 public:
  rmm::Monitor monitor;
  std::function<abi::SmcRegs(const abi::SmcRegs&)> firmware;  // null: every SMC goes to the monitor

 private:
  template <class T>
  static std::uint64_t value(T v) {
    if constexpr (requires { v.value; })
      return v.value;
    else
      return static_cast<std::uint64_t>(v);
  }
  rmm::port::Platform wired(const rmm::port::Platform& plain, const Wiring& wire, const rmm::core::Limits& limits) {
    if (wire != nullptr) return wire(plain);
    return judge_ != nullptr ? judge_->wire(plain, state, limits) : plain;
  }

  abi::Pa next_ = fake::kDram;
  rmm::port::Platform ports_ = platform.ports(nullptr);
};

// Shape of a test realm.
struct Shape {
  std::uint8_t s2sz = 33;
  std::int64_t level = 1;
  std::uint32_t tables = 1;
  std::uint8_t hash = 0;
  std::uint16_t vmid = 1;
};

inline RealmParams realm_params(const Shape& shape, abi::Pa rtt_base) {
  RealmParams p;
  p.s2sz = shape.s2sz;
  p.num_bps = 1;
  p.num_wps = 1;
  p.hash_algo = shape.hash;
  for (std::size_t i = 0; i < p.rpv.size(); ++i) p.rpv[i] = static_cast<std::uint8_t>(i);
  p.vmid = shape.vmid;
  p.rtt_base = rtt_base.value;
  p.rtt_level_start = shape.level;
  p.rtt_num_start = shape.tables;
  return p;
}

// A NEW realm and what a host does to it.
class TestRealm {
 public:
  explicit TestRealm(Bench& bench, const Shape& shape = {})
      : b(bench),
        rd(bench.delegated()),
        rtt_base(bench.delegated_run(shape.tables)),
        unprotected(1ULL << (shape.s2sz - 1)) {
    const abi::Pa params = b.ns();
    b.put(params, realm_params(shape, rtt_base));
    b.succeeds(kRmiRealmCreate, rd, params);
  }
  abi::Pa add_rtt(std::uint64_t ipa, int level) {
    const abi::Pa rtt = b.delegated();
    b.succeeds(kRmiRttCreate, rd, rtt, ipa, level);
    return rtt;
  }
  // Tables from below the starting level down to `level` for `ipa`, as far as they are missing.
  void add_rtts(std::uint64_t ipa, int level = 3) {
    for (;;) {
      const auto w = b.walk(rd, ipa, level);
      if (w.level >= level) return;
      add_rtt(abi::align_down(ipa, rmm::core::level_size(w.level)), w.level + 1);
    }
  }
  abi::Pa add_data_unknown(std::uint64_t ipa) {
    const abi::Pa data = b.delegated();
    b.succeeds(kRmiDataCreateUnknown, rd, data, ipa);
    return data;
  }
  void init_ripas(std::uint64_t base, std::uint64_t top) { b.succeeds(kRmiRttInitRipas, rd, base, top); }
  RecParams rec_params(bool runnable = true) {
    RecParams p;
    p.flags = runnable ? kRecFlagRunnable : 0;
    const std::uint64_t index = b.realm(rd).rec_index;
    p.mpidr = (index & 0xf) | ((index >> 4) << 8);
    p.pc = 0x1000;
    p.gprs = {1, 2, 3, 4, 5, 6, 7, 8};
    p.num_aux = b.monitor.limits().num_rec_aux;
    for (std::size_t i = 0; i < p.num_aux; ++i) p.aux[i] = b.delegated().value;
    return p;
  }
  abi::Pa add_rec(bool runnable = true) {
    const abi::Pa rec = b.delegated(), params = b.ns();
    b.put(params, rec_params(runnable));
    b.succeeds(kRmiRecCreate, rd, rec, params);
    return rec;
  }
  void activate() { b.succeeds(kRmiRealmActivate, rd); }
  // Opens the RIPAS window of a REC as RSI_IPA_STATE_SET does.
  void open_window(abi::Pa rec, std::uint64_t base, std::uint64_t top, Ripas value, bool change_destroyed) {
    b.rec(rec).ripas = {.base = {base},
                        .addr = {base},
                        .top = {top},
                        .value = value,
                        .change_destroyed = change_destroyed,
                        .awaits_entry = true};
  }

  Bench& b;
  abi::Pa rd;
  abi::Pa rtt_base;
  std::uint64_t unprotected;  // first Unprotected IPA
};

}  // namespace rmi
