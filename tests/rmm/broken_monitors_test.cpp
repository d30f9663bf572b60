// SPDX-License-Identifier: GPL-2.0-or-later
// Twelve monitors broken on purpose, each judged three times by the same scene: by what a unit test expects of the
// commands, by the abstract model (--check=model), by the invariants (--check). Which of them catch it is asserted, and
// that it is two at least: a mistake that only one judge sees is one judge's mistake away from being none's. The table
// is in docs/broken-monitors.md.
#include <array>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <catch2/catch_test_macros.hpp>

#include "rmm/abi/arch/esr.h"
#include "rmm/abi/arch/gic.h"
#include "rmm/core/granule_locks.h"
#include "rmm/core/measurement.h"
#include "rmm/core/rec_lifecycle.h"
#include "rmm/core/rtt.h"
#include "rmm/run/enter.h"
#include "rmm/v1_0/commands.h"
#include "tests/rmm/invariants_watched_bench.h"
#include "tests/rmm/judged_bench.h"

namespace {

using namespace rmi;  // NOLINT: ids of the version under test
namespace call = rmm::call;
namespace core = rmm::core;
using rmm::port::Interface;

// A monitor as a scene plays with it, whoever judges.
class Stage {
 public:
  explicit Stage(bool is_broken) : is_broken_(is_broken) {}
  virtual ~Stage() = default;
  Stage(const Stage&) = delete;
  Stage& operator=(const Stage&) = delete;

  virtual Bench& bench() = 0;

  // From here on the monitor is broken.
  void turn_off(std::uint32_t fid, std::string_view condition) {
    if (is_broken_) bench().monitor.switches().turn_off(fid, condition);
  }
  void replace(const call::Row& row) {
    if (is_broken_) replace_row(row);
  }

  // The realm's next act is an SMC with these X0, X1, ...
  void smc(abi::Pa rec, std::vector<std::uint64_t> args) {
    bench().cpu(rec).script.push_back([args = std::move(args)](fake::RealmCpu& cpu) {
      for (unsigned i = 0; i < args.size(); ++i) cpu.set_x(i, args[i]);
      return abi::Exception{.esr = abi::esr::make(abi::esr::Ec::kSmc64, 0)};
    });
  }
  Answer enter(abi::Pa rec, const RecEnter& with = {}) {
    run_page_ = bench().ns();
    bench().put(run_page_, with);
    return bench().call(kRmiRecEnter, rec, run_page_);
  }
  RecExit exit() {
    const std::byte* bytes = bench().platform.memory.bytes(run_page_ + kRecRunExitOffset);
    return abi::decode<RecExit>(std::span(bytes, abi::Layout<RecExit>::kSize));
  }

 private:
  virtual void replace_row(const call::Row& row) = 0;

  bool is_broken_;
  abi::Pa run_page_;
};

class Plain : public Stage {
 public:
  explicit Plain(bool is_broken)
      : Stage(is_broken), bench_({}, [this](const rmm::port::Platform& ports) {
          ports_ = std::make_unique<rmm::port::Platform>(ports);
          return ports;
        }) {
    bench_.firmware = [this](const abi::SmcRegs& regs) {
      const auto row = rows_.find(regs.fid());
      if (row == rows_.end()) return bench_.monitor.rmi(bench_.platform.pe, regs);
      return row->second.run({*ports_, bench_.state, bench_.monitor.limits(), bench_.monitor.switches()},
                             bench_.platform.pe, regs);
    };
  }
  Bench& bench() override { return bench_; }

 private:
  void replace_row(const call::Row& row) override { rows_[row.command->fid] = row; }

  std::unique_ptr<rmm::port::Platform> ports_;
  Bench bench_;
  std::map<std::uint32_t, call::Row> rows_;
};

class UnderInvariants : public Stage {
 public:
  explicit UnderInvariants(bool is_broken) : Stage(is_broken), watched_(is_broken) {}
  Bench& bench() override { return watched_.bench; }
  // Ids of what was found, with a last look at everything.
  std::set<std::string> found() {
    watched_.sweep();
    for (const std::string& finding : watched_.findings.found()) UNSCOPED_INFO(finding);
    return watched::ids(watched_.findings.found());
  }

 private:
  void replace_row(const call::Row& row) override { watched_.replace(row); }
  watched::Watched watched_;
};

class UnderModel : public Stage {
 public:
  using Stage::Stage;
  Bench& bench() override { return judged_.bench; }
  // A difference was found, with a last look at everything.
  bool differs() {
    judged_.check->read_back();
    if (judged_.check->difference())
      for (const std::string& line : judged_.check->difference()->lines) UNSCOPED_INFO(line);
    return judged_.check->difference().has_value();
  }

 private:
  void replace_row(const call::Row& row) override { judged_.replace(row); }
  judged::Judged judged_;
};

// Rows that are wrong in one thing. They check no more than their scenes need.

abi::GranulePa granule_of(std::uint64_t pa) { return abi::GranulePa::containing(abi::Pa{pa}); }

constexpr call::Parameter kDestroyIn[] = {{"rd", 1}, {"ipa", 2}};
constexpr call::Parameter kDestroyOut[] = {{"data", 1}, {"top", 2}};
constexpr auto kInputError = static_cast<std::uint64_t>(RmiStatus::kErrorInput);
constexpr auto kRttError = static_cast<std::uint64_t>(RmiStatus::kErrorRtt);
// B4.3.3 orders them the other way round.
constexpr call::Condition kWrongOrder[] = {{"rtt_walk", kRttError, "the walk ended above page level"},
                                           {"ipa_bound", kInputError, "ipa is not a Protected IPA"}};
constexpr call::Command kDestroyInWrongOrder{.interface = Interface::kRmi,
                                             .name = "RMI_DATA_DESTROY",
                                             .fid = kRmiDataDestroy,
                                             .in = kDestroyIn,
                                             .out = kDestroyOut,
                                             .conditions = kWrongOrder};
constexpr call::Row kChecksTheWalkFirst = call::make_row<kDestroyInWrongOrder, [](call::Call<kDestroyInWrongOrder>& c) {
  const core::GranuleLocks locks(c.core(), {{granule_of(c.in<"rd">()), GranuleState::kRd}}, "data_destroy");
  const core::LockedRealm realm(c.core(), locks.as<GranuleState::kRd>(0));
  const abi::Ipa ipa{c.in<"ipa">()};
  const core::RttWalk walk = core::walk(c.core(), *realm, ipa, core::kPageLevel);
  c.output<"top">(core::skip_non_live(c.core(), walk, ipa).value);
  if (c.fails<"rtt_walk">(walk.level < core::kPageLevel)) return c.failed(call::RttLevel{walk.level});
  if (c.fails<"ipa_bound">(!realm->is_protected(ipa))) return c.failed();
  return c.done(core::unmap_data(c.core(), realm, walk).pa().value, core::skip_non_live(c.core(), walk, ipa).value);
}>();

constexpr call::Command kDestroy{.interface = Interface::kRmi,
                                 .name = "RMI_DATA_DESTROY",
                                 .fid = kRmiDataDestroy,
                                 .in = kDestroyIn,
                                 .out = kDestroyOut};
// RIPAS stays RAM where it must become DESTROYED.
constexpr call::Row kDestroysUnnoticed = call::make_row<kDestroy, [](call::Call<kDestroy>& c) {
  const core::GranuleLocks locks(c.core(), {{granule_of(c.in<"rd">()), GranuleState::kRd}}, "data_destroy");
  const core::LockedRealm realm(c.core(), locks.as<GranuleState::kRd>(0));
  const abi::Ipa ipa{c.in<"ipa">()};
  const core::RttWalk walk = core::walk(c.core(), *realm, ipa, core::kPageLevel);
  const abi::GranulePa data = core::unmap_data(c.core(), realm, walk);
  const core::RttWalk now = core::walk(c.core(), *realm, ipa, core::kPageLevel);
  core::set_entry_ripas(c.core(), realm, now, Ripas::kRam);
  return c.done(data.pa().value, core::skip_non_live(c.core(), walk, ipa).value);
}>();

constexpr call::Parameter kDelegateIn[] = {{"addr", 1}};
constexpr call::Command kDelegate{
    .interface = Interface::kRmi, .name = "RMI_GRANULE_DELEGATE", .fid = kRmiGranuleDelegate, .in = kDelegateIn};
// The granule protection table changes, the granule's state does not.
constexpr call::Row kForgetsTheState = call::make_row<kDelegate, [](call::Call<kDelegate>& c) {
  const core::GranuleLocks locks(c.core(), {{granule_of(c.in<"addr">()), GranuleState::kUndelegated}},
                                 "granule_delegate");
  (void)c.platform.gpt.set_pas(granule_of(c.in<"addr">()), abi::Pas::kRealm);
  return c.done();
}>();

constexpr call::Parameter kUnknownIn[] = {{"rd", 1}, {"data", 2}, {"ipa", 3}};
constexpr call::Command kUnknown{
    .interface = Interface::kRmi, .name = "RMI_DATA_CREATE_UNKNOWN", .fid = kRmiDataCreateUnknown, .in = kUnknownIn};
// The table does not count its new entry.
constexpr call::Row kDoesNotCount = call::make_row<kUnknown, [](call::Call<kUnknown>& c) {
  const core::GranuleLocks locks(
      c.core(), {{granule_of(c.in<"rd">()), GranuleState::kRd}, {granule_of(c.in<"data">()), GranuleState::kDelegated}},
      "data_create_unknown");
  const core::LockedRealm realm(c.core(), locks.as<GranuleState::kRd>(0));
  const core::RttWalk walk = core::walk(c.core(), *realm, {c.in<"ipa">()}, core::kPageLevel);
  core::map_data(c.core(), realm, walk, locks.as<GranuleState::kDelegated>(1), walk.entry.ripas);
  --c.state.granules.at(walk.table).refcount;
  return c.done();
}>();

constexpr call::Parameter kDataIn[] = {{"rd", 1}, {"data", 2}, {"ipa", 3}, {"src", 4}, {"flags", 5}};
constexpr call::Command kData{
    .interface = Interface::kRmi, .name = "RMI_DATA_CREATE", .fid = kRmiDataCreate, .in = kDataIn};
// The RIM grows, but not by the content.
constexpr call::Row kMeasuresNoContent = call::make_row<kData, [](call::Call<kData>& c) {
  std::array<std::byte, abi::kGranuleSize> content{};
  (void)call::read_host(c, {c.in<"src">()}, content);
  const core::GranuleLocks locks(
      c.core(), {{granule_of(c.in<"rd">()), GranuleState::kRd}, {granule_of(c.in<"data">()), GranuleState::kDelegated}},
      "data_create");
  const core::LockedRealm realm(c.core(), locks.as<GranuleState::kRd>(0));
  const core::RttWalk walk = core::walk(c.core(), *realm, {c.in<"ipa">()}, core::kPageLevel);
  c.platform.memory.write({c.in<"data">()}, content);
  core::map_data(c.core(), realm, walk, locks.as<GranuleState::kDelegated>(1), Ripas::kRam);
  core::extend_rim_data(*realm, {c.in<"ipa">()}, c.in<"flags">(), std::nullopt);
  return c.done();
}>();

constexpr call::Parameter kEnterIn[] = {{"rec", 1}, {"run_ptr", 2}};
constexpr call::Command kEnter{
    .interface = Interface::kRmi, .name = "RMI_REC_ENTER", .fid = kRmiRecEnter, .in = kEnterIn};
constexpr unsigned kShownRegister = 20;
// Each exit shows X20.
constexpr call::Row kShowsX20 = call::make_row<kEnter, [](call::Call<kEnter>& c) {
  const abi::Pa run{c.in<"run_ptr">()}, rec_pa{c.in<"rec">()};
  std::array<std::byte, abi::Layout<RecEnter>::kSize> given{};
  (void)call::read_host(c, run + kRecRunEnterOffset, given);
  core::GranuleLocks locks(c.core(), {{granule_of(rec_pa.value), GranuleState::kRec}}, "rec_enter");
  const auto locked = locks.as<GranuleState::kRec>(0);
  core::Rec& rec = c.state.recs.at(locked.record().object);
  core::set_rec_state(c.core(), locked, core::RecState::kRunning);
  locks.release();
  RecExit exit;
  rmm::run::enter(c.environment, c.pe, rec, c.state.realms.at(rec.realm), abi::decode<RecEnter>(given), exit);
  exit.gprs[kShownRegister] = c.platform.cpus.at(rec.cpu).x(kShownRegister);
  std::array<std::byte, abi::Layout<RecExit>::kSize> wire{};
  abi::encode(exit, wire);
  (void)c.platform.memory.write_ns(run + kRecRunExitOffset, wire);
  const core::GranuleLocks again(c.core(), {{granule_of(rec_pa.value), GranuleState::kRec}}, "rec_exit");
  core::set_rec_state(c.core(), again.as<GranuleState::kRec>(0), core::RecState::kReady);
  return c.done();
}>();

// Who catches a monitor.
struct Caught {
  bool unit_test = false;
  bool model = false;
  std::set<std::string> invariants{};
  unsigned judges() const { return unsigned{unit_test} + unsigned{model} + (invariants.empty() ? 0U : 1U); }
};

struct Broken {
  const char* what;
  // Breaks the monitor and uses it; true: everything is as a unit test expects.
  std::function<bool(Stage&)> scene;
  Caught expected;
  bool one_command_at_a_time = true;  // false: a command inside another on one PE, which the model does not play
};

bool is(const Answer& answer, RmiStatus status) { return answer.status == status; }

// An ACTIVE realm with two RECs, the second not runnable.
struct Runnable {
  explicit Runnable(Bench& bench) : realm(bench), first(realm.add_rec()), second(realm.add_rec(false)) {
    realm.add_rtts(0);
    realm.activate();
  }
  TestRealm realm;
  abi::Pa first, second;
};

std::vector<Broken> broken_monitors() {
  return {
      {"order of conditions: RMI_DATA_DESTROY reports rtt_walk before ipa_bound",
       [](Stage& s) {
         const TestRealm r(s.bench());
         s.replace(kChecksTheWalkFirst);
         return is(s.bench().call(kRmiDataDestroy, r.rd, r.unprotected), RmiStatus::kErrorInput);
       },
       {.unit_test = true, .model = true}},
      {"a state change dropped: RMI_GRANULE_DELEGATE changes the protection table alone",
       [](Stage& s) {
         s.replace(kForgetsTheState);
         const abi::Pa granule = s.bench().ns();
         s.bench().call(kRmiGranuleDelegate, granule);
         return s.bench().state_of(granule) == GranuleState::kDelegated;
       },
       {.unit_test = true, .model = true, .invariants = {"I24"}}},
      {"a reference count: RMI_DATA_CREATE_UNKNOWN does not count its entry",
       [](Stage& s) {
         TestRealm r(s.bench());
         r.add_rtts(0);
         const abi::Pa data = s.bench().delegated();
         s.replace(kDoesNotCount);
         s.bench().call(kRmiDataCreateUnknown, r.rd, data, 0);
         return s.bench().refcount(s.bench().walk(r.rd, 0).table.pa()) == 1;
       },
       {.unit_test = true, .invariants = {"I6"}}},
      {"measurement: RMI_DATA_CREATE leaves the content out of the RIM",
       [](Stage& s) {
         s.replace(kMeasuresNoContent);
         std::vector<core::Measurement> rims;
         for (const std::uint8_t byte : std::array<std::uint8_t, 2>{0x11, 0x22}) {
           TestRealm r(s.bench(), {.vmid = byte});
           r.add_rtts(0);
           const abi::Pa data = s.bench().delegated(), source = s.bench().ns();
           s.bench().platform.memory.bytes(source)[0] = std::byte{byte};
           s.bench().call(kRmiDataCreate, r.rd, data, 0, source, kDataFlagMeasure);
           rims.push_back(s.bench().realm(r.rd).measurements[0]);
         }
         return rims[0] != rims[1];
       },
       {.unit_test = true, .model = true, .invariants = {"I16"}}},
      {"a leak: each exit shows X20 of the realm",
       [](Stage& s) {
         const Runnable r(s.bench());
         s.replace(kShowsX20);
         s.bench().cpu(r.first).script.push_back([](fake::RealmCpu& cpu) {
           cpu.set_x(kShownRegister, 0x5ec2e7);
           return abi::Exception{.kind = abi::ExceptionKind::kIrq};
         });
         s.enter(r.first);
         return s.exit().gprs[kShownRegister] == 0;
       },
       {.unit_test = true, .model = true}},
      {"list registers are not checked: RMI_REC_ENTER takes one with the HW bit",
       [](Stage& s) {
         const Runnable r(s.bench());
         s.turn_off(kRmiRecEnter, "rec_gicv3");
         RecEnter with;
         with.gicv3_lrs[0] = abi::gic::kLrHw | abi::gic::kLrPending | abi::gic::kLrGroup1 | 40;
         return is(s.enter(r.first, with), RmiStatus::kErrorRec);
       },
       {.unit_test = true, .model = true, .invariants = {"I21"}}},
      {"a pending PSCI request is forgotten: RMI_REC_ENTER goes on without RMI_PSCI_COMPLETE",
       [](Stage& s) {
         const Runnable r(s.bench());
         s.smc(r.first, {kPsciCpuOn, 1, 0x1000, 0});
         s.enter(r.first);
         s.turn_off(kRmiRecEnter, "rec_psci");
         return is(s.enter(r.first), RmiStatus::kErrorRec);
       },
       {.unit_test = true, .model = true}},
      {"a RIPAS change beyond what the realm asked for: RMI_RTT_SET_RIPAS ignores top_bound",
       [](Stage& s) {
         const Runnable r(s.bench());
         s.smc(r.first, {kRsiIpaStateSet, 0, 2 * kPage, static_cast<std::uint64_t>(Ripas::kRam), 0});
         s.enter(r.first);
         s.turn_off(kRmiRttSetRipas, "top_bound");
         return is(s.bench().call(kRmiRttSetRipas, r.realm.rd, r.first, 0, 3 * kPage), RmiStatus::kErrorInput);
       },
       {.unit_test = true, .model = true, .invariants = {"I14"}}},
      {"REC flags: RMI_REC_ENTER runs a REC that is not runnable",
       [](Stage& s) {
         const Runnable r(s.bench());
         s.turn_off(kRmiRecEnter, "rec_runnable");
         return is(s.enter(r.second), RmiStatus::kErrorRec);
       },
       {.unit_test = true, .model = true}},
      {"a REC runs twice at once: RMI_REC_ENTER ignores rec_state",
       [](Stage& s) {
         const Runnable r(s.bench());
         s.turn_off(kRmiRecEnter, "rec_state");
         const abi::Pa second_page = s.bench().ns();
         bool refused = false;
         s.bench().cpu(r.first).script.push_back([&](fake::RealmCpu&) {
           refused = is(s.bench().call(kRmiRecEnter, r.first, second_page), RmiStatus::kErrorRec);
           return abi::Exception{.kind = abi::ExceptionKind::kIrq};
         });
         s.enter(r.first);
         return refused;
       },
       {.unit_test = true, .invariants = {"I18"}},
       false},
      {"a VMID in use: RMI_REALM_CREATE gives it to a second realm",
       [](Stage& s) {
         const TestRealm first(s.bench(), {.vmid = 7});
         s.turn_off(kRmiRealmCreate, "vmid_valid");
         const abi::Pa rd = s.bench().delegated(), table = s.bench().delegated(), params = s.bench().ns();
         s.bench().put(params, realm_params({.vmid = 7}, table));
         return is(s.bench().call(kRmiRealmCreate, rd, params), RmiStatus::kErrorInput);
       },
       {.unit_test = true, .model = true, .invariants = {"I17"}}},
      {"RIPAS after destruction: RMI_DATA_DESTROY leaves RAM instead of DESTROYED",
       [](Stage& s) {
         TestRealm r(s.bench());
         r.add_rtts(0);
         r.init_ripas(0, kPage);
         r.add_data_unknown(0);
         r.activate();
         s.replace(kDestroysUnnoticed);
         s.bench().call(kRmiDataDestroy, r.rd, 0);
         return s.bench().walk(r.rd, 0).entry.ripas == Ripas::kDestroyed;
       },
       {.unit_test = true, .model = true, .invariants = {"I14"}}},
  };
}

Caught play(const Broken& broken, bool is_broken) {
  Caught out;
  Plain plain(is_broken);
  out.unit_test = !broken.scene(plain);
  if (broken.one_command_at_a_time) {
    UnderModel model(is_broken);
    broken.scene(model);
    out.model = model.differs();
  }
  UnderInvariants invariants(is_broken);
  broken.scene(invariants);
  out.invariants = invariants.found();
  return out;
}

}  // namespace

TEST_CASE("broken monitors: unbroken, none of them is caught by any judge") {
  for (const Broken& broken : broken_monitors()) {
    INFO(broken.what);
    CHECK(play(broken, false).judges() == 0);
  }
}

TEST_CASE("broken monitors: each is caught by the judges that are named, at least two") {
  const auto monitors = broken_monitors();
  CHECK(monitors.size() >= 10);
  for (const Broken& broken : monitors) {
    INFO(broken.what);
    const Caught caught = play(broken, true);
    CHECK(caught.unit_test == broken.expected.unit_test);
    CHECK(caught.model == broken.expected.model);
    CHECK(caught.invariants == broken.expected.invariants);
    CHECK(caught.judges() >= 2);
  }
}
