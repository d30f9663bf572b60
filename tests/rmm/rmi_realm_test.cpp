// SPDX-License-Identifier: GPL-2.0-or-later
#include <set>

#include "tests/rmm/rmi_bench.h"

using namespace rmi;

namespace {

// Calls REALM_CREATE with parameters that `change` has spoilt and expects the condition.
template <class Change>
void create_fails(const char* condition, Change&& change, const rmm::core::Limits& limits = {}) {
  Bench b(limits);
  const abi::Pa rd = b.delegated(), rtt = b.delegated(), params = b.ns();
  RealmParams p = realm_params({}, rtt);
  change(p, rd);
  b.put(params, p);
  b.fails_input(condition, kRmiRealmCreate, rd, params);
}

}  // namespace

TEST_CASE("RMI_REALM_CREATE makes a NEW realm with the parameters' attributes") {
  Bench b;
  TestRealm r(b, {.s2sz = 33, .level = 2, .tables = 8, .hash = 1, .vmid = 0x1234});
  const auto& realm = b.realm(r.rd);
  CHECK(b.state_of(r.rd) == GranuleState::kRd);
  CHECK(realm.state.peek() == rmm::core::RealmState::kNew);
  CHECK(realm.ipa_width == 33);
  CHECK(realm.hash_algo == HashAlgorithm::kSha512);
  CHECK(realm.rtt_base == r.rtt_base);
  CHECK(realm.rtt_level_start == 2);
  CHECK(realm.rtt_num_start == 8);
  CHECK(realm.vmid.value == 0x1234);
  CHECK(realm.rpv[63] == 63);
  CHECK(realm.rec_index == 0);
  CHECK(realm.num_recs.peek() == 0);
  CHECK(b.state.vmids[0x1234]);
  for (unsigned i = 0; i < 8; ++i) CHECK(b.state_of(r.rtt_base + i * kPage) == GranuleState::kRtt);
  for (const std::uint64_t ipa : {std::uint64_t{0}, kBlock1 + kBlock2, r.unprotected - kBlock2}) {
    const auto w = b.walk(r.rd, ipa);
    CHECK(w.level == 2);
    CHECK(w.entry == rmm::core::RttEntry{.state = rmm::core::RttState::kUnassigned});
  }
  for (const std::uint64_t ipa : {r.unprotected, 2 * r.unprotected - kBlock2})
    CHECK(b.walk(r.rd, ipa).entry.state == rmm::core::RttState::kUnassignedNs);
  CHECK(b.recorder.ns_reads == 1);  // I22
}

TEST_CASE("RMI_REALM_CREATE accepts every starting level and number of tables of the architecture, and no other") {
  struct Case {
    std::uint8_t s2sz;
    std::int64_t level;
    std::uint32_t tables;
    bool valid;
  };
  const Case cases[] = {{32, 1, 1, true},
                        {32, 2, 4, true},
                        {32, 2, 1, false},
                        {34, 2, 16, true},
                        {35, 2, 32, false},
                        {39, 1, 1, true},
                        {40, 1, 2, true},
                        {43, 1, 16, true},
                        {44, 1, 32, false},
                        {40, 0, 1, true},
                        {39, 0, 1, false},
                        {48, 0, 1, true},
                        {48, 0, 2, false},
                        {32, 0, 1, false},
                        {32, 3, 256, false},
                        {33, -1, 1, false},
                        {33, 4, 1, false},
                        {33, 1, 0, false},
                        {33, (1LL << 32) + 1, 1, false}};
  for (const Case& k : cases) {
    INFO("s2sz " << +k.s2sz << " level " << k.level << " tables " << k.tables);
    Bench b;
    const abi::Pa rd = b.delegated(), rtt = b.delegated_run(16), params = b.ns();
    b.put(params, realm_params({.s2sz = k.s2sz, .level = k.level, .tables = k.tables}, rtt));
    if (k.valid)
      b.succeeds(kRmiRealmCreate, rd, params);
    else
      b.fails_input("rtt_num_level", kRmiRealmCreate, rd, params);
  }
}

TEST_CASE("RMI_REALM_CREATE fails by the conditions on its parameters") {
  const auto spoil = [](auto member, auto value) { return [=](RealmParams& p, abi::Pa) { p.*member = value; }; };
  create_fails("params_valid", spoil(&RealmParams::hash_algo, std::uint8_t{2}));
  create_fails("params_supp", spoil(&RealmParams::s2sz, std::uint8_t{49}));
  create_fails("params_supp", spoil(&RealmParams::s2sz, std::uint8_t{31}));
  create_fails("params_supp", spoil(&RealmParams::flags, kRealmFlagLpa2));
  create_fails("params_supp", spoil(&RealmParams::flags, kRealmFlagSve));
  create_fails("params_supp", spoil(&RealmParams::flags, kRealmFlagPmu));
  create_fails("params_supp", spoil(&RealmParams::num_bps, std::uint8_t{2}));
  create_fails("params_supp", spoil(&RealmParams::num_wps, std::uint8_t{2}));
  create_fails("params_supp", spoil(&RealmParams::hash_algo, std::uint8_t{1}), {.sha512 = false});
  create_fails("rtt_num_level", spoil(&RealmParams::rtt_num_start, 2U));
  create_fails("rtt_align", [](RealmParams& p, abi::Pa) { p.rtt_base += 8; });
  create_fails("alias", [](RealmParams& p, abi::Pa rd) { p.rtt_base = rd.value; });
  create_fails("rtt_state", [](RealmParams& p, abi::Pa) { p.rtt_base += 0x10'0000; });
  create_fails("rtt_state", spoil(&RealmParams::rtt_base, std::uint64_t{0x1000}));
  create_fails("vmid_valid", spoil(&RealmParams::vmid, std::uint16_t{0x100}), {.vmid16 = false});
}

TEST_CASE("RMI_REALM_CREATE fails by the conditions on its granules") {
  Bench b;
  TestRealm other(b, {.vmid = 7});
  const abi::Pa rd = b.delegated(), rtt = b.delegated(), params = b.ns();
  b.put(params, realm_params({.vmid = 7}, rtt));
  b.fails_input("vmid_valid", kRmiRealmCreate, rd, params);
  b.put(params, realm_params({.vmid = 8}, rtt));
  b.fails_input("params_align", kRmiRealmCreate, rd, params + 8);
  b.fails_input("params_bound", kRmiRealmCreate, rd, 0x1000);
  b.fails_input("params_pas", kRmiRealmCreate, rd, b.delegated());
  b.fails_input("rd_align", kRmiRealmCreate, rd + 8, params);
  b.fails_input("rd_bound", kRmiRealmCreate, 0, params);
  b.fails_input("rd_state", kRmiRealmCreate, b.ns(), params);
  b.fails_input("rd_state", kRmiRealmCreate, other.rd, params);
  b.succeeds(kRmiRealmCreate, rd, params);
}

TEST_CASE("RMI_REALM_ACTIVATE works once") {
  Bench b;
  TestRealm r(b);
  b.fails_input("rd_align", kRmiRealmActivate, r.rd + 8);
  b.fails_input("rd_bound", kRmiRealmActivate, 0);
  b.fails_input("rd_state", kRmiRealmActivate, r.rtt_base);
  r.activate();
  CHECK(b.realm(r.rd).state.peek() == rmm::core::RealmState::kActive);
  b.fails("realm_state", RmiStatus::kErrorRealm, 0, kRmiRealmActivate, r.rd);
}

TEST_CASE("RMI_REALM_DESTROY returns every granule, the VMID and its TLB entries") {
  Bench b;
  TestRealm r(b, {.s2sz = 33, .level = 2, .tables = 8, .vmid = 3});
  b.succeeds(kRmiRealmDestroy, r.rd);
  CHECK(b.state_of(r.rd) == GranuleState::kDelegated);
  for (unsigned i = 0; i < 8; ++i) CHECK(b.state_of(r.rtt_base + i * kPage) == GranuleState::kDelegated);
  CHECK(b.state.realms.empty());
  CHECK(b.state.vmids.none());
  REQUIRE_FALSE(b.platform.tlb.log.empty());
  CHECK(b.platform.tlb.log.back() == fake::Invalidation{{3}, {}, true});
  TestRealm again(b, {.vmid = 3});
  CHECK(b.realm(again.rd).state.peek() == rmm::core::RealmState::kNew);
}

TEST_CASE("RMI_REALM_DESTROY fails by its conditions") {
  Bench b;
  TestRealm r(b);
  b.fails_input("rd_align", kRmiRealmDestroy, r.rd + 8);
  b.fails_input("rd_bound", kRmiRealmDestroy, 0);
  b.fails_input("rd_state", kRmiRealmDestroy, b.delegated());
  r.add_rtt(0, 2);
  b.fails("realm_live", RmiStatus::kErrorRealm, 0, kRmiRealmDestroy, r.rd);
  b.succeeds(kRmiRttDestroy, r.rd, 0, 2);
  const abi::Pa rec = r.add_rec();
  b.fails("realm_live", RmiStatus::kErrorRealm, 0, kRmiRealmDestroy, r.rd);
  b.succeeds(kRmiRecDestroy, rec);
  b.succeeds(kRmiRealmDestroy, r.rd);
}

TEST_CASE("RMI_REALM_CREATE keeps the numbers of breakpoints and watchpoints apart") {
  Bench b({.num_bps = 4, .num_wps = 4});
  const abi::Pa rd = b.delegated(), params = b.ns();
  RealmParams p = realm_params({}, b.delegated());
  p.num_bps = 2;
  p.num_wps = 3;
  b.put(params, p);
  b.succeeds(kRmiRealmCreate, rd, params);
  CHECK(b.realm(rd).num_bps == 2);
  CHECK(b.realm(rd).num_wps == 3);
}

TEST_CASE("the RIM measures fields of features that the realm does not have, too") {
  std::set<rmm::core::Measurement> rims;
  for (const auto& [sve_vl, counters] : {std::pair<std::uint8_t, std::uint8_t>{0, 0}, {3, 0}, {0, 2}}) {
    Bench b;
    const abi::Pa rd = b.delegated(), params = b.ns();
    RealmParams p = realm_params({}, b.delegated());
    p.sve_vl = sve_vl;
    p.pmu_num_ctrs = counters;
    b.put(params, p);
    b.succeeds(kRmiRealmCreate, rd, params);
    rims.insert(b.realm(rd).measurements[0]);
  }
  CHECK(rims.size() == 3);
}

TEST_CASE("a destroyed realm leaves nothing in the records of its granules") {
  Bench b;
  TestRealm first(b);
  TestRealm second(b, {.vmid = 2});
  const abi::Pa rec = second.add_rec();
  TestRealm third(b, {.vmid = 3});
  const abi::Pa other = third.add_rec();
  const auto object = [&](abi::Pa pa) { return b.state.granules.peek(abi::GranulePa::containing(pa)).object; };
  CHECK(object(second.rd) == 1);
  CHECK(object(other) == 1);
  for (const abi::Pa each : {rec, other}) b.succeeds(kRmiRecDestroy, each);
  for (const abi::Pa rd : {second.rd, third.rd}) b.succeeds(kRmiRealmDestroy, rd);
  for (const abi::Pa pa : {second.rd, third.rd, rec, other}) CHECK(object(pa) == 0);
}

TEST_CASE("I17: VMIDs are taken and given back under their lock") {
  Bench b;
  constexpr std::uint16_t kVmid = 0x1234;
  b.platform.sync.order.clear();
  TestRealm r(b, {.vmid = kVmid});
  b.succeeds(kRmiRealmDestroy, r.rd);
  CHECK(std::count(b.platform.sync.order.begin(), b.platform.sync.order.end(), kVmid) == 2);
}

TEST_CASE("the observer hears of a realm's states and of the TLB entries that go with it") {
  Bench b;
  TestRealm r(b, {.s2sz = 34, .vmid = 7});
  r.activate();
  b.succeeds(kRmiRealmDestroy, r.rd);
  CHECK(b.recorder.realm_states == std::vector<std::string>{"NULL>NEW", "NEW>ACTIVE", "ACTIVE>NULL"});
  CHECK(b.recorder.invalidations ==
        std::vector<fake::Invalidation>{{abi::Vmid{7}, {abi::Ipa{0}, abi::Ipa{1ULL << 34}}}});
}
