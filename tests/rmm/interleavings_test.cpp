// SPDX-License-Identifier: GPL-2.0-or-later
// The interleavings M1 to M10 inside the monitor (docs/invariants.md): two PEs under every schedule of at most two
// preemptions, watched by the invariants. A pair of commands that are atomic to each other ends as one order or the
// other of them would.
#include "rmm/abi/arch/esr.h"
#include "tests/rmm/named_cases.h"
#include "tests/rmm/two_pes.h"

using namespace two_pes;
using namespace abi::v1_0;  // NOLINT: function ids and enumerations of the version under test
using rmi::kBlock1;
using rmi::kBlock2;
using rmi::kPage;
using rmi::TestRealm;
using rmm::core::GranuleState;

TEST_CASE("every interleaving M1 to M10 has a test that names it") {
  std::vector<std::string> scenarios;
  for (unsigned n = 1; n <= 10; ++n) scenarios.push_back("M" + std::to_string(n));
  CHECK(named::without_case(scenarios) == std::vector<std::string>{});
}

namespace {

// Both outcomes of a race, over all schedules.
struct Seen {
  bool success = false, failure = false;
};

constexpr std::uint64_t kErrorInput = static_cast<std::uint64_t>(RmiStatus::kErrorInput);
constexpr std::uint64_t kErrorRec = static_cast<std::uint64_t>(RmiStatus::kErrorRec);

std::function<Answer()> command(World& w, unsigned pe, std::uint32_t fid, auto... args) {
  return [&w, pe, fid, args...] { return w.call(pe, fid, args...); };
}

// A realm whose RD lies below or above what is allocated later, so that ascending lock order is either order.
struct Placed {
  Placed(World& w, bool rd_low) : first(w.b.delegated_run(8)), realm(w.b), granule(rd_low ? w.b.delegated() : first) {
    realm.add_rtts(0);
  }
  abi::Pa first;
  TestRealm realm;
  abi::Pa granule;  // delegated
};

// An ACTIVE realm with two runnable RECs, a page of RAM at IPA 0 and run pages.
struct Running {
  explicit Running(World& w)
      : realm(w.b), recs{realm.add_rec(), realm.add_rec()}, runs{w.b.ns(), w.b.ns()}, src(w.b.ns()) {
    realm.add_rtts(0);
    realm.init_ripas(0, kBlock2);
    data = realm.add_data_unknown(0);
    realm.activate();
    for (const abi::Pa run : runs) w.b.put(run, RecEnter{});
  }
  TestRealm realm;
  std::array<abi::Pa, 2> recs, runs;
  abi::Pa src, data;
};

RecExit exit_of(World& w, abi::Pa run) {
  return abi::decode<RecExit>(
      std::span(w.b.platform.memory.bytes(run + kRecRunExitOffset), abi::Layout<RecExit>::kSize));
}

abi::Exception smc(fake::RealmCpu& cpu, std::initializer_list<std::uint64_t> args) {
  unsigned n = 0;
  for (const std::uint64_t arg : args) cpu.set_x(n++, arg);
  return {.esr = abi::esr::make(abi::esr::Ec::kSmc64, 0)};
}

}  // namespace

TEST_CASE("M1: map with content against map without content of the same granule: one wins, no deadlock") {
  for (const bool rd_low : {false, true})
    for (const std::uint64_t other_ipa : {std::uint64_t{0}, kPage}) {
      CAPTURE(rd_low, other_ipa);
      const unsigned schedules = explore_atomic([&](World& w) -> Commands {
        const Placed p(w, rd_low);
        const abi::Pa src = w.b.ns();
        return {command(w, 0, kRmiDataCreate, p.realm.rd, p.granule, 0, src, 0),
                command(w, 1, kRmiDataCreateUnknown, p.realm.rd, p.granule, other_ipa)};
      });
      CHECK(schedules > 50);
    }
}

TEST_CASE("M1: the same granule for two realms: one gets it") {
  explore_atomic([](World& w) -> Commands {
    const Placed p(w, true);
    TestRealm other(w.b, {.vmid = 2});
    other.add_rtts(0);
    return {command(w, 0, kRmiDataCreateUnknown, p.realm.rd, p.granule, 0),
            command(w, 1, kRmiDataCreateUnknown, other.rd, p.granule, 0)};
  });
}

TEST_CASE("M2: REC_ENTER against REC_DESTROY: a REC that runs exists, one that is destroyed never runs") {
  struct EnterDestroy : Scenario {
    EnterDestroy() : r(w) {
      w.b.cpu(r.recs[0]).script.push_back([this](fake::RealmCpu&) {
        running = true;
        w.realm_runs();
        alive = w.b.state_of(r.recs[0]) == GranuleState::kRec && w.b.refcount(r.recs[0]) == 1;
        running = false;
        return abi::Exception{.kind = abi::ExceptionKind::kIrq};
      });
    }
    void act(unsigned pe) override {
      answers[pe] = pe == 0 ? w.call(0, kRmiRecEnter, r.recs[0], r.runs[0]) : w.call(1, kRmiRecDestroy, r.recs[0]);
    }
    void check() override {
      if (answers[0].ok()) {
        CHECK(alive);
        CHECK((answers[1].ok() || answers[1].x0 == kErrorRec));
      } else {
        CHECK(answers[0].x0 == kErrorInput);  // rec_gran_state
        CHECK(answers[1].ok());
      }
      CHECK((w.b.state_of(r.recs[0]) == GranuleState::kRec) == !answers[1].ok());
      if (answers[1].ok()) CHECK(w.b.refcount(r.realm.rd) == 1);
    }
    Running r;
    std::array<Answer, 2> answers;
    bool running = false, alive = false;
  };
  CHECK(explore([] { return std::make_unique<EnterDestroy>(); }) > 50);
}

TEST_CASE("M2: one REC on two PEs: it runs on one at a time") {
  struct EnterTwice : Scenario {
    EnterTwice() : r(w) {
      for (int i = 0; i < 2; ++i)
        w.b.cpu(r.recs[0]).script.push_back([this](fake::RealmCpu&) {
          CHECK_FALSE(running);
          running = true;
          w.realm_runs();
          running = false;
          return abi::Exception{.kind = abi::ExceptionKind::kIrq};
        });
    }
    void act(unsigned pe) override { answers[pe] = w.call(pe, kRmiRecEnter, r.recs[0], r.runs[pe]); }
    void check() override {
      const bool both = answers[0].ok() && answers[1].ok();
      CHECK((both || answers[0].x0 == kErrorRec || answers[1].x0 == kErrorRec));
      CHECK((answers[0].ok() || answers[1].ok()));
      CHECK(w.b.rec(r.recs[0]).state.peek() == rmm::core::RecState::kReady);
    }
    Running r;
    std::array<Answer, 2> answers;
    bool running = false;
  };
  explore([] { return std::make_unique<EnterTwice>(); });
}

TEST_CASE("M2: REC_ENTER against another REC's SYSTEM_OFF and the realm's destruction") {
  struct EnterOff : Scenario {
    EnterOff() : r(w) {
      w.b.cpu(r.recs[1]).script.push_back([](fake::RealmCpu& cpu) { return smc(cpu, {kPsciSystemOff}); });
    }
    void act(unsigned pe) override {
      if (pe == 0) {
        first = w.call(0, kRmiRecEnter, r.recs[0], r.runs[0]);
        return;
      }
      off = w.call(1, kRmiRecEnter, r.recs[1], r.runs[1]);
      destroyed = w.call(1, kRmiRealmDestroy, r.realm.rd);
      again = w.call(1, kRmiRecEnter, r.recs[1], r.runs[1]);
    }
    void check() override {
      CHECK(off.ok());
      CHECK(exit_of(w, r.runs[1]).exit_reason == static_cast<std::uint8_t>(RecExitReason::kPsci));
      CHECK(w.b.realm(r.realm.rd).state.peek() == rmm::core::RealmState::kSystemOff);
      CHECK((first.ok() || first.x0 == (static_cast<std::uint64_t>(RmiStatus::kErrorRealm) | 1U << 8)));
      CHECK_FALSE(destroyed.ok());  // realm_live
      CHECK(again.x0 == (static_cast<std::uint64_t>(RmiStatus::kErrorRealm) | 1U << 8));
    }
    Running r;
    Answer first, off, destroyed, again;
  };
  explore([] { return std::make_unique<EnterOff>(); });
}

TEST_CASE("M3: the monitor writes for a realm while the host takes the granule away and uses it again") {
  struct WriteReuse : Scenario {
    explicit WriteReuse(bool as_table) : r(w), reuse_as_table(as_table) {
      w.b.cpu(r.recs[0]).script.push_back([](fake::RealmCpu& cpu) { return smc(cpu, {kRsiRealmConfig, 0}); });
    }
    void act(unsigned pe) override {
      if (pe == 0) {
        CHECK(w.call(0, kRmiRecEnter, r.recs[0], r.runs[0]).ok());
        return;
      }
      CHECK(w.call(1, kRmiDataDestroy, r.realm.rd, 0).ok());
      if (reuse_as_table)
        CHECK(w.call(1, kRmiRttCreate, r.realm.rd, r.data, kBlock2, 3).ok());
      else
        CHECK(w.call(1, kRmiGranuleUndelegate, r.data).ok());
    }
    void check() override {
      if (reuse_as_table) {
        for (unsigned i = 0; i < rmm::core::kRttEntries; ++i)
          REQUIRE(w.b.platform.memory.read64(r.data + i * 8) == 0);  // UNASSIGNED, EMPTY
      } else {
        const std::byte* bytes = w.b.platform.memory.bytes(r.data);
        CHECK(std::all_of(bytes, bytes + kPage, [](std::byte b) { return b == std::byte{0}; }));  // I3
      }
      // Written before, or a data abort after.
      const auto reason = exit_of(w, r.runs[0]).exit_reason;
      CHECK((reason == static_cast<std::uint8_t>(RecExitReason::kIrq) ||
             exit_of(w, r.runs[0]).hpfar == abi::esr::hpfar_from_ipa(0)));
    }
    Running r;
    bool reuse_as_table;
  };
  for (const bool as_table : {false, true}) {
    CAPTURE(as_table);
    CHECK(explore([&] { return std::make_unique<WriteReuse>(as_table); }) > 50);
  }
}

TEST_CASE("M3: a host call's structure goes away between exit and entry, and during the entry") {
  struct HostCall : Scenario {
    HostCall() : r(w) {
      w.b.cpu(r.recs[0]).script.push_back([](fake::RealmCpu& cpu) { return smc(cpu, {kRsiHostCall, 0}); });
      CHECK(w.call(0, kRmiRecEnter, r.recs[0], r.runs[0]).ok());
      RecEnter in;
      in.gprs.fill(0x77);
      w.b.put(r.runs[0], in);
    }
    void act(unsigned pe) override {
      if (pe == 0) {
        CHECK(w.call(0, kRmiRecEnter, r.recs[0], r.runs[0]).ok());
        return;
      }
      CHECK(w.call(1, kRmiDataDestroy, r.realm.rd, 0).ok());
      CHECK(w.call(1, kRmiGranuleUndelegate, r.data).ok());
    }
    void check() override {
      const std::byte* bytes = w.b.platform.memory.bytes(r.data);
      CHECK(std::all_of(bytes, bytes + kPage, [](std::byte b) { return b == std::byte{0}; }));
      // Either the call ended, or it waits for the structure's memory.
      const bool aborted = exit_of(w, r.runs[0]).exit_reason == static_cast<std::uint8_t>(RecExitReason::kSync);
      CHECK(w.b.rec(r.recs[0]).host_call_pending == aborted);
    }
    Running r;
  };
  explore([] { return std::make_unique<HostCall>(); });
}

TEST_CASE("M4: REC_CREATE fails while auxiliary granules are wanted elsewhere, or listed twice") {
  struct Aux {
    Aux(World& w, const std::function<void(RecParams&, Aux&)>& change)
        : realm(w.b), rec(w.b.delegated()), params(w.b.ns()) {
      RecParams p = realm.rec_params();
      aux = {p.aux[0]};
      change(p, *this);
      w.b.put(params, p);
    }
    TestRealm realm;
    abi::Pa rec, params, aux;
  };
  const std::vector<std::function<void(RecParams&, Aux&)>> changes{
      [](RecParams&, Aux&) {},                                          // succeeds if it gets its granules
      [](RecParams& p, Aux&) { p.aux[1] = p.aux[0]; },                  // aux_alias
      [](RecParams& p, Aux& a) { p.aux[1] = a.rec.value; },             // aux_alias
      [](RecParams& p, Aux& a) { p.aux[1] = a.realm.rd.value; },        // aux_state
      [](RecParams& p, Aux& a) { p.aux[1] = a.realm.rtt_base.value; },  // aux_state
      [](RecParams& p, Aux&) { p.mpidr = 5; },                          // mpidr_index, all locked
  };
  for (const auto& change : changes) {
    explore_atomic([&](World& w) -> Commands {
      const Aux a(w, change);
      return {command(w, 0, kRmiRecCreate, a.realm.rd, a.rec, a.params), command(w, 1, kRmiGranuleUndelegate, a.aux)};
    });
    explore_atomic([&](World& w) -> Commands {
      const Aux a(w, change);
      return {command(w, 0, kRmiRecCreate, a.realm.rd, a.rec, a.params),
              command(w, 1, kRmiRttCreate, a.realm.rd, a.aux, 0, 2)};
    });
  }
}

TEST_CASE("M5: a walk that ends early leaves no lock behind: the other PE's command goes on") {
  const std::vector<std::function<std::function<Answer()>(World&, const TestRealm&, abi::Pa, abi::Pa)>> walks{
      [](World& w, const TestRealm& r, abi::Pa g, abi::Pa) { return command(w, 0, kRmiDataCreateUnknown, r.rd, g, 0); },
      [](World& w, const TestRealm& r, abi::Pa g, abi::Pa s) {
        return command(w, 0, kRmiDataCreate, r.rd, g, 0, s, 0);
      },
      [](World& w, const TestRealm& r, abi::Pa, abi::Pa) { return command(w, 0, kRmiDataDestroy, r.rd, 0); },
      [](World& w, const TestRealm& r, abi::Pa g, abi::Pa) { return command(w, 0, kRmiRttCreate, r.rd, g, 0, 3); },
      [](World& w, const TestRealm& r, abi::Pa, abi::Pa) { return command(w, 0, kRmiRttDestroy, r.rd, 0, 3); },
      [](World& w, const TestRealm& r, abi::Pa, abi::Pa) { return command(w, 0, kRmiRttFold, r.rd, 0, 3); },
      [](World& w, const TestRealm& r, abi::Pa, abi::Pa) { return command(w, 0, kRmiRttReadEntry, r.rd, 0, 3); },
      [](World& w, const TestRealm& r, abi::Pa, abi::Pa) { return command(w, 0, kRmiRttInitRipas, r.rd, 0, kPage); },
      [](World& w, const TestRealm& r, abi::Pa, abi::Pa) {
        return command(w, 0, kRmiRttMapUnprotected, r.rd, r.unprotected, 3, 0x8200'0000 | 0xd8);
      },
      [](World& w, const TestRealm& r, abi::Pa, abi::Pa) {
        return command(w, 0, kRmiRttUnmapUnprotected, r.rd, r.unprotected, 3);
      },
  };
  for (std::size_t i = 0; i < walks.size(); ++i) {
    CAPTURE(i);
    explore_atomic([&](World& w) -> Commands {
      const TestRealm r(w.b);
      const abi::Pa granule = w.b.delegated(), src = w.b.ns(), table = w.b.delegated();
      return {walks[i](w, r, granule, src), command(w, 1, kRmiRttCreate, r.rd, table, 0, 2)};
    });
  }
}

TEST_CASE("M6: a VMID is free only after the old realm's tables and TLB entries are gone") {
  struct Reuse : Scenario {
    explicit Reuse(Seen& given)
        : old(w.b, {.s2sz = 33, .level = 2, .tables = 8, .vmid = 3}),
          rd(w.b.delegated()),
          rtt(w.b.delegated()),
          params(w.b.ns()),
          seen(given) {
      w.b.put(params, rmi::realm_params({.vmid = 3}, rtt));
      w.b.platform.tlb.log.clear();
      w.observers.on_realm_state = [this](abi::Pa changed, std::string_view to) {
        if (changed != rd || to != "NEW") return;
        gone = w.b.platform.tlb.log == std::vector<fake::Invalidation>{{{3}, {}, true}} &&
               w.b.state_of(old.rd) != GranuleState::kRd;
        for (unsigned i = 0; i < 8; ++i) gone = gone && w.b.state_of(old.rtt_base + i * kPage) != GranuleState::kRtt;
      };
    }
    void act(unsigned pe) override {
      answers[pe] = pe == 0 ? w.call(0, kRmiRealmDestroy, old.rd) : w.call(1, kRmiRealmCreate, rd, params);
    }
    void check() override {
      CHECK(answers[0].ok());
      CHECK((answers[1].ok() ? gone : answers[1].x0 == kErrorInput));
      CHECK(w.b.state.vmids[3] == answers[1].ok());
      (answers[1].ok() ? seen.success : seen.failure) = true;
    }
    TestRealm old;
    abi::Pa rd, rtt, params;
    std::array<Answer, 2> answers;
    bool gone = false;
    Seen& seen;
  };
  Seen seen;
  explore([&] { return std::make_unique<Reuse>(seen); });
  CHECK(seen.success);
  CHECK(seen.failure);
}

TEST_CASE("M6: two realms want the same free VMID") {
  explore_atomic([](World& w) -> Commands {
    const auto make = [&](unsigned pe) {
      const abi::Pa rd = w.b.delegated(), rtt = w.b.delegated(), params = w.b.ns();
      w.b.put(params, rmi::realm_params({.vmid = 3}, rtt));
      return command(w, pe, kRmiRealmCreate, rd, params);
    };
    auto first = make(0), second = make(1);
    return {first, second};
  });
}

TEST_CASE("M7: one granule as two arguments of a command: refused without effect, and without a deadlock") {
  rmi::Bench b;
  TestRealm r(b);
  r.add_rtts(0);
  const abi::Pa rec = r.add_rec(), free = b.delegated(), ns = b.ns(), params = b.ns();
  const auto refused = [&](std::uint32_t fid, auto... args) {
    const std::string before = b.fingerprint();
    const auto answer = b.call(fid, args...);
    CAPTURE(fid, answer.condition);
    CHECK_FALSE(answer.ok());
    CHECK_FALSE(answer.condition.empty());
    CHECK(b.fingerprint() == before);
  };
  for (const abi::Pa same : {r.rd, free, ns, rec, r.rtt_base}) {
    CAPTURE(same.value);
    refused(kRmiDataCreate, same, same, 0, ns, 0);
    refused(kRmiDataCreate, r.rd, same, 0, same, 0);
    refused(kRmiDataCreate, same, free, 0, same, 0);
    refused(kRmiDataCreate, same, same, 0, same, 0);
    refused(kRmiDataCreateUnknown, same, same, 0);
    refused(kRmiRttCreate, same, same, kBlock2, 3);
    refused(kRmiRecCreate, same, same, ns);
    refused(kRmiRecCreate, r.rd, same, same);
    refused(kRmiRecCreate, same, free, same);
    refused(kRmiRealmCreate, same, same);
    refused(kRmiPsciComplete, same, same, 0);
    refused(kRmiRttSetRipas, same, same, 0, kPage);
    refused(kRmiRecEnter, same, same);
  }
  // Inside the structures.
  for (const abi::Pa aux : {rec, r.rd, params, free}) {
    CAPTURE(aux.value);
    RecParams p = r.rec_params();
    p.aux[0] = p.aux[1] = aux.value;
    b.put(params, p);
    refused(kRmiRecCreate, r.rd, free, params);
  }
  for (const abi::Pa table : {free, params, r.rd}) {
    b.put(params, rmi::realm_params({.vmid = 7}, table));
    refused(kRmiRealmCreate, free, params);
  }
}

TEST_CASE("M7: one granule in two roles on two PEs: one gets it") {
  using Role = std::function<std::function<Answer()>(World&, unsigned, const TestRealm&, abi::Pa, abi::Pa)>;
  const std::vector<Role> roles{
      [](World& w, unsigned pe, const TestRealm& r, abi::Pa g, abi::Pa) {
        return command(w, pe, kRmiDataCreateUnknown, r.rd, g, 0);
      },
      [](World& w, unsigned pe, const TestRealm& r, abi::Pa g, abi::Pa) {
        return command(w, pe, kRmiRttCreate, r.rd, g, kBlock2, 3);
      },
      [](World& w, unsigned pe, const TestRealm& r, abi::Pa g, abi::Pa params) {
        w.b.put(params, const_cast<TestRealm&>(r).rec_params());
        return command(w, pe, kRmiRecCreate, r.rd, g, params);
      },
      [](World& w, unsigned pe, const TestRealm&, abi::Pa g, abi::Pa params) {
        w.b.put(params, rmi::realm_params({.vmid = 8}, w.b.delegated()));
        return command(w, pe, kRmiRealmCreate, g, params);
      },
      [](World& w, unsigned pe, const TestRealm&, abi::Pa g, abi::Pa) {
        return command(w, pe, kRmiGranuleUndelegate, g);
      },
  };
  for (std::size_t i = 0; i < roles.size(); ++i)
    for (std::size_t j = 0; j <= i; ++j) {
      if (i == j && i == 2) continue;  // twice the same REC: M4
      CAPTURE(i, j);
      explore_atomic([&](World& w) -> Commands {
        TestRealm r(w.b);
        r.add_rtts(0);
        const abi::Pa granule = w.b.delegated(), params0 = w.b.ns(), params1 = w.b.ns();
        auto first = roles[i](w, 0, r, granule, params0);
        auto second = roles[j](w, 1, r, granule, params1);
        return {first, second};
      });
    }
}

TEST_CASE("M9: the host never enters again after a RIPAS change: nothing changes, everything can be destroyed") {
  rmi::Bench b;
  TestRealm r(b);
  const abi::Pa rec = r.add_rec(), run = b.ns();
  r.activate();
  b.put(run, RecEnter{});
  b.cpu(rec).script.push_back([](fake::RealmCpu& cpu) { return smc(cpu, {kRsiIpaStateSet, 0, kBlock1, 1, 0}); });
  b.succeeds(kRmiRecEnter, rec, run);
  CHECK(b.rec(rec).ripas.top.value == kBlock1);
  CHECK(b.walk(r.rd, 0).entry.ripas == Ripas::kEmpty);
  b.succeeds(kRmiRecDestroy, rec);
  b.succeeds(kRmiRealmDestroy, r.rd);
}

TEST_CASE("M9: the host rejects a RIPAS change, or changes another range than the realm asked for") {
  const auto requested = [](rmi::Bench& b, TestRealm& r, abi::Pa rec, abi::Pa run) {
    r.activate();
    b.put(run, RecEnter{});
    b.cpu(rec).script.push_back([](fake::RealmCpu& cpu) {
      return smc(cpu, {kRsiIpaStateSet, kBlock2, 3 * kBlock2, 1, 0});
    });
    b.succeeds(kRmiRecEnter, rec, run);
  };
  {
    rmi::Bench b;
    TestRealm r(b);
    const abi::Pa rec = r.add_rec(), run = b.ns();
    requested(b, r, rec, run);
    b.put(run, RecEnter{.flags = kEnterRipasResponse});
    b.succeeds(kRmiRecEnter, rec, run);
    CHECK(b.cpu(rec).x(0) == 0);
    CHECK(b.cpu(rec).x(1) == kBlock2);
    CHECK(b.cpu(rec).x(2) == 1);
  }
  rmi::Bench b;
  TestRealm r(b);
  const abi::Pa rec = r.add_rec(), other = r.add_rec(), run = b.ns();
  r.add_rtts(0, 2);
  requested(b, r, rec, run);
  b.fails_input("base_bound", kRmiRttSetRipas, r.rd, rec, 0, 2 * kBlock2);
  b.fails_input("base_bound", kRmiRttSetRipas, r.rd, rec, 2 * kBlock2, 3 * kBlock2);
  b.fails_input("top_bound", kRmiRttSetRipas, r.rd, rec, kBlock2, 4 * kBlock2);
  b.fails_input("base_bound", kRmiRttSetRipas, r.rd, other, kBlock2, 2 * kBlock2);  // another REC's window is closed
  CHECK(b.succeeds(kRmiRttSetRipas, r.rd, rec, kBlock2, 2 * kBlock2).x[1] == 2 * kBlock2);
  b.put(run, RecEnter{.flags = kEnterRipasResponse});  // and rejects the rest
  b.succeeds(kRmiRecEnter, rec, run);
  CHECK(b.cpu(rec).x(1) == 2 * kBlock2);
  CHECK(b.cpu(rec).x(2) == 1);
  CHECK(b.walk(r.rd, kBlock2).entry.ripas == Ripas::kRam);
  CHECK(b.walk(r.rd, 2 * kBlock2).entry.ripas == Ripas::kEmpty);
  b.fails_input("base_bound", kRmiRttSetRipas, r.rd, rec, 2 * kBlock2, 3 * kBlock2);  // closed
}

TEST_CASE("M9: RMI_RTT_SET_RIPAS against the entry that closes the window: the realm hears what was changed") {
  struct SetEnter : Scenario {
    SetEnter() : r(w) {
      w.b.cpu(r.recs[0]).script.push_back([](fake::RealmCpu& cpu) {
        return smc(cpu, {kRsiIpaStateSet, 0, kBlock2, 0, kRipasChangeDestroyed});
      });
      CHECK(w.call(0, kRmiRecEnter, r.recs[0], r.runs[0]).ok());
      w.b.cpu(r.recs[0]).script.push_back([this](fake::RealmCpu& cpu) {
        heard = cpu.x(1);
        w.realm_runs();
        return abi::Exception{.kind = abi::ExceptionKind::kIrq};
      });
    }
    void act(unsigned pe) override {
      if (pe == 0)
        CHECK(w.call(0, kRmiRecEnter, r.recs[0], r.runs[0]).ok());
      else
        set = w.call(1, kRmiRttSetRipas, r.realm.rd, r.recs[0], 0, kPage);
    }
    void check() override {
      CHECK(heard == (set.ok() ? kPage : 0));
      CHECK((set.ok() || set.x0 == kErrorRec || set.x0 == kErrorInput));
      CHECK(w.b.walk(r.realm.rd, 0).entry.ripas == (set.ok() ? Ripas::kEmpty : Ripas::kRam));
    }
    Running r;
    Answer set;
    std::uint64_t heard = ~0ULL;
  };
  explore([] { return std::make_unique<SetEnter>(); });
}

TEST_CASE("M9: RMI_RTT_SET_RIPAS against the exit that opens the window: it acts only when the REC has left") {
  struct ExitSet : Scenario {
    explicit ExitSet(Seen& both) : r(w), seen(both) {
      w.b.cpu(r.recs[0]).script.push_back([](fake::RealmCpu& cpu) {
        return smc(cpu, {kRsiIpaStateSet, 0, kBlock2, 0, kRipasChangeDestroyed});
      });
      w.observers.on_ripas_change = [this] {
        left = w.b.rec(r.recs[0]).state.peek() == rmm::core::RecState::kReady &&
               exit_of(w, r.runs[0]).exit_reason == static_cast<std::uint8_t>(RecExitReason::kRipasChange);
      };
    }
    void act(unsigned pe) override {
      if (pe == 0)
        CHECK(w.call(0, kRmiRecEnter, r.recs[0], r.runs[0]).ok());
      else
        set = w.call(1, kRmiRttSetRipas, r.realm.rd, r.recs[0], 0, kPage);
    }
    void check() override {
      CHECK((set.ok() ? left : set.x0 == kErrorRec || set.x0 == kErrorInput));
      CHECK(w.b.rec(r.recs[0]).ripas.addr.value == (set.ok() ? kPage : 0));
      (set.ok() ? seen.success : seen.failure) = true;
    }
    Running r;
    Answer set;
    bool left = false;
    Seen& seen;
  };
  Seen seen;
  explore([&] { return std::make_unique<ExitSet>(seen); });
  CHECK(seen.success);
  CHECK(seen.failure);
}

TEST_CASE("M10: two PEs map the same IPA, or build the same table: one does") {
  explore_atomic([](World& w) -> Commands {
    TestRealm r(w.b);
    r.add_rtts(0);
    const abi::Pa a = w.b.delegated(), c = w.b.delegated();
    return {command(w, 0, kRmiDataCreateUnknown, r.rd, a, 0), command(w, 1, kRmiDataCreateUnknown, r.rd, c, 0)};
  });
  for (const int level : {2, 3})
    explore_atomic([&](World& w) -> Commands {
      TestRealm r(w.b);
      r.add_rtts(0, level - 1);
      const abi::Pa a = w.b.delegated(), c = w.b.delegated();
      return {command(w, 0, kRmiRttCreate, r.rd, a, 0, level), command(w, 1, kRmiRttCreate, r.rd, c, 0, level)};
    });
}

TEST_CASE("M10: one PE folds a table that the other uses") {
  using Use = std::function<std::function<Answer()>(World&, const TestRealm&)>;
  const std::vector<Use> uses{
      [](World& w, const TestRealm& r) { return command(w, 1, kRmiDataCreateUnknown, r.rd, w.b.delegated(), kPage); },
      [](World& w, const TestRealm& r) { return command(w, 1, kRmiRttFold, r.rd, 0, 3); },
      [](World& w, const TestRealm& r) { return command(w, 1, kRmiRttDestroy, r.rd, 0, 3); },
      [](World& w, const TestRealm& r) { return command(w, 1, kRmiRttReadEntry, r.rd, 0, 3); },
      [](World& w, const TestRealm& r) { return command(w, 1, kRmiRttInitRipas, r.rd, 0, kBlock2); },
      [](World& w, const TestRealm& r) { return command(w, 1, kRmiGranuleUndelegate, w.b.walk(r.rd, 0).table.pa()); },
  };
  for (std::size_t i = 0; i < uses.size(); ++i) {
    CAPTURE(i);
    explore_atomic([&](World& w) -> Commands {
      TestRealm r(w.b);
      r.add_rtts(0);
      return {command(w, 0, kRmiRttFold, r.rd, 0, 3), uses[i](w, r)};
    });
  }
}

TEST_CASE("M10: two vCPUs fault at one IPA while the host maps it, folds its table or takes it away") {
  enum class Act { kMap, kFold, kDestroy };
  struct Faults : Scenario {
    Faults(Act given, Seen& both)
        : r(w), what(given), ipa(given == Act::kFold ? kBlock2 : kPage), granule(w.b.delegated()), seen(both) {
      r.realm.add_rtts(ipa);
      if (what == Act::kDestroy) w.b.succeeds(kRmiDataCreateUnknown, r.realm.rd, granule, ipa);
      w.b.cpu(r.recs[0]).script.push_back([this](fake::RealmCpu&) {
        w.realm_runs();
        // What the MMU found before the other PE acted.
        return abi::Exception{.esr = abi::esr::make(abi::esr::Ec::kDataAbortLower, abi::esr::kFscTranslation | 3),
                              .hpfar = abi::esr::hpfar_from_ipa(ipa)};
      });
    }
    void act(unsigned pe) override {
      if (pe == 0) {
        CHECK(w.call(0, kRmiRecEnter, r.recs[0], r.runs[0]).ok());
        return;
      }
      switch (what) {
        case Act::kMap: CHECK(w.call(1, kRmiDataCreateUnknown, r.realm.rd, granule, ipa).ok()); break;
        case Act::kFold: CHECK(w.call(1, kRmiRttFold, r.realm.rd, ipa, 3).ok()); break;
        case Act::kDestroy:
          CHECK(w.call(1, kRmiDataDestroy, r.realm.rd, ipa).ok());
          CHECK(w.call(1, kRmiGranuleUndelegate, granule).ok());
          break;
      }
    }
    void check() override {
      // The realm tries again where memory was there when the monitor looked; the empty script then is an IRQ.
      const RecExit exit = exit_of(w, r.runs[0]);
      const bool again = exit.exit_reason == static_cast<std::uint8_t>(RecExitReason::kIrq);
      const bool to_host = exit.exit_reason == static_cast<std::uint8_t>(RecExitReason::kSync) &&
                           exit.hpfar == abi::esr::hpfar_from_ipa(ipa);
      CHECK((again || to_host));
      if (what == Act::kFold) CHECK((to_host || w.b.walk(r.realm.rd, ipa).entry.ripas == Ripas::kEmpty));
      (again ? seen.success : seen.failure) = true;
    }
    Running r;
    Act what;
    std::uint64_t ipa;
    abi::Pa granule;
    Seen& seen;
  };
  Seen seen;
  for (const Act act : {Act::kMap, Act::kFold, Act::kDestroy}) {
    CAPTURE(static_cast<int>(act));
    explore([&] { return std::make_unique<Faults>(act, seen); });
  }
  CHECK(seen.success);  // the realm tried again
  CHECK(seen.failure);  // the host was told
}
