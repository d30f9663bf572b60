// SPDX-License-Identifier: GPL-2.0-or-later
// The decisions D1 to D14 (docs/decisions.md): each has a test that names it. Those without a better place are here.
#include "rmm/run/realm_call.h"
#include "tests/rmm/named_cases.h"
#include "tests/rmm/rmi_bench.h"
#include "tests/rmm/run_bench.h"

using rmi::kBlock1;
using rmi::kBlock2;
using rmi::kPage;
namespace v1_0 = abi::v1_0;
namespace esr = abi::esr;

TEST_CASE("every decision D1 to D14 has a test that names it") {
  std::vector<std::string> decisions;
  for (unsigned n = 1; n <= 14; ++n) decisions.push_back("D" + std::to_string(n));
  CHECK(named::without_case(decisions) == std::vector<std::string>{});
}

namespace {

// What lies between the fields of a structure at `pa` is filled with ones.
template <class Struct>
void fill_reserved(rmi::Bench& b, abi::Pa pa) {
  std::array<std::byte, abi::Layout<Struct>::kSize> wire{};
  const std::span bytes(b.platform.memory.bytes(pa), wire.size());
  std::copy(bytes.begin(), bytes.end(), wire.begin());
  const auto value = abi::decode<Struct>(wire);
  std::fill(bytes.begin(), bytes.end(), std::byte{0xff});
  abi::encode(value, bytes);
}

std::array<std::uint8_t, 64> rim_with_flags(std::uint64_t flags) {
  rmi::Bench b;
  const abi::Pa rd = b.delegated(), rtt = b.delegated(), params = b.ns();
  auto p = rmi::realm_params({}, rtt);
  p.flags = flags;
  b.put(params, p);
  b.succeeds(v1_0::kRmiRealmCreate, rd, params);
  return b.realm(rd).measurements[0];
}

constexpr std::uint64_t kRealmFlags = v1_0::kRealmFlagLpa2 | v1_0::kRealmFlagSve | v1_0::kRealmFlagPmu;

}  // namespace

TEST_CASE("D3: SBZ bits of flags are ignored, but measured as given") {
  CHECK(rim_with_flags(~kRealmFlags) != rim_with_flags(0));
  rmi::Bench b;
  rmi::TestRealm r(b);
  const abi::Pa rec = b.delegated(), params = b.ns();
  auto p = r.rec_params();
  p.flags = ~v1_0::kRecFlagRunnable;
  b.put(params, p);
  b.succeeds(v1_0::kRmiRecCreate, r.rd, rec, params);
  CHECK_FALSE(b.rec(rec).runnable.peek());
  r.add_rtts(0);
  const auto before = b.realm(r.rd).measurements[0];
  b.succeeds(v1_0::kRmiDataCreate, r.rd, b.delegated(), 0, b.ns(), ~v1_0::kDataFlagMeasure);
  CHECK(b.realm(r.rd).measurements[0] != before);
  const abi::Pa run = b.ns(), runnable = r.add_rec();
  r.activate();
  constexpr std::uint64_t kEnterFlags = v1_0::kEnterEmulMmio | v1_0::kEnterInjectSea | v1_0::kEnterTrapWfi |
                                        v1_0::kEnterTrapWfe | v1_0::kEnterRipasResponse;
  b.put(run, v1_0::RecEnter{.flags = ~kEnterFlags});
  b.succeeds(v1_0::kRmiRecEnter, runnable, run);
  CHECK_FALSE(b.cpu(runnable).last_controls.trap_wfi);
}

TEST_CASE("D3: reserved bytes of structures are ignored") {
  rmi::Bench b;
  const abi::Pa rd = b.delegated(), rtt = b.delegated(), params = b.ns();
  b.put(params, rmi::realm_params({}, rtt));
  fill_reserved<v1_0::RealmParams>(b, params);
  b.succeeds(v1_0::kRmiRealmCreate, rd, params);
  CHECK(b.realm(rd).ipa_width == 33);
  rmi::TestRealm r(b, {.vmid = 2});
  CHECK(b.realm(rd).measurements[0] == b.realm(r.rd).measurements[0]);
  const abi::Pa rec = b.delegated(), rec_params = b.ns(), run = b.ns();
  b.put(rec_params, r.rec_params());
  fill_reserved<v1_0::RecParams>(b, rec_params);
  b.succeeds(v1_0::kRmiRecCreate, r.rd, rec, rec_params);
  r.activate();
  b.put(run, v1_0::RecEnter{});
  fill_reserved<v1_0::RecEnter>(b, run);
  b.succeeds(v1_0::kRmiRecEnter, rec, run);
}

TEST_CASE("D3: reserved encodings are refused") {
  for (unsigned hash = 2; hash < 256; ++hash) {
    rmi::Bench b;
    const abi::Pa rd = b.delegated(), rtt = b.delegated(), params = b.ns();
    b.put(params, rmi::realm_params({.hash = static_cast<std::uint8_t>(hash)}, rtt));
    b.fails_input("params_valid", v1_0::kRmiRealmCreate, rd, params);
  }
  for (unsigned ripas = 2; ripas < 256; ++ripas) {
    bench::Bench b;
    b.smc({v1_0::kRsiIpaStateSet, bench::kRam.value, bench::kRam.value + kPage, ripas, 0});
    CHECK(b.enter().exit_reason == bench::reason(v1_0::RecExitReason::kIrq));
    CHECK(b.cpu().x(0) == 1);
  }
}

TEST_CASE("D6: RMI_RTT_SET_RIPAS: nothing moves below base, and a DESTROYED entry stops EMPTY as it stops RAM") {
  for (const auto target : {v1_0::Ripas::kRam, v1_0::Ripas::kEmpty}) {
    rmi::Bench b;
    rmi::TestRealm r(b);
    const abi::Pa rec = r.add_rec();
    r.add_rtts(0);
    r.init_ripas(0, kPage);
    r.add_data_unknown(0);
    b.succeeds(v1_0::kRmiDataDestroy, r.rd, 0);
    r.activate();
    r.open_window(rec, 0, kBlock2, target, false);
    b.fails("no_progress", v1_0::RmiStatus::kErrorRtt, 3, v1_0::kRmiRttSetRipas, r.rd, rec, 0, kBlock2);
    CHECK(b.rec(rec).ripas.addr.value == 0);
    r.open_window(rec, 0, kBlock2, target, true);
    CHECK(b.succeeds(v1_0::kRmiRttSetRipas, r.rd, rec, 0, kPage).x[1] == kPage);
    b.fails_input("base_bound", v1_0::kRmiRttSetRipas, r.rd, rec, 0, kBlock2);
  }
}

TEST_CASE("D12: what the pages' slips mean: 64 bits of context_id, RTT to DELEGATED by fold, footprints") {
  rmi::Bench b;
  rmi::TestRealm r(b, {.vmid = 9});
  const abi::Pa caller = r.add_rec(), target = r.add_rec(false);
  CHECK(b.realm(r.rd).num_recs.peek() == 2);  // in no footprint of the page
  r.add_rtts(0);
  const abi::Pa table = b.walk(r.rd, 0).table.pa();
  CHECK(b.succeeds(v1_0::kRmiRttFold, r.rd, 0, 3).x[1] == table.value);
  CHECK(b.state_of(table) == rmm::core::GranuleState::kDelegated);
  r.activate();
  b.rec(caller).psci = {.pending = true, .fid = v1_0::kPsciCpuOn, .args = {1, 0x8000, 0x1234'5678'9abc'def0}};
  b.succeeds(v1_0::kRmiPsciComplete, caller, target, 0);
  CHECK(b.cpu(target).x(0) == 0x1234'5678'9abc'def0);
  b.succeeds(v1_0::kRmiRecDestroy, caller);
  b.succeeds(v1_0::kRmiRecDestroy, target);
  CHECK(b.realm(r.rd).num_recs.peek() == 0);
  b.succeeds(v1_0::kRmiRttDestroy, r.rd, 0, 2);
  CHECK(b.state.vmids[9]);
  b.succeeds(v1_0::kRmiRealmDestroy, r.rd);
  CHECK_FALSE(b.state.vmids[9]);
}

TEST_CASE("D13: blocks of ASSIGNED_NS by fold at levels 3 and 2, by MAP_UNPROTECTED at levels 2 and 1") {
  constexpr std::uint64_t kHost = (6ULL << 2) | (3ULL << 6);
  rmi::Bench b;
  rmi::TestRealm r(b);
  r.add_rtts(r.unprotected, 2);
  for (std::uint64_t i = 1; i < 512; ++i)
    b.succeeds(v1_0::kRmiRttMapUnprotected, r.rd, r.unprotected + i * kBlock2, 2, (kBlock1 + i * kBlock2) | kHost);
  r.add_rtts(r.unprotected, 3);
  for (std::uint64_t i = 0; i < 512; ++i)
    b.succeeds(v1_0::kRmiRttMapUnprotected, r.rd, r.unprotected + i * kPage, 3, (kBlock1 + i * kPage) | kHost);
  b.succeeds(v1_0::kRmiRttFold, r.rd, r.unprotected, 3);
  CHECK(b.walk(r.rd, r.unprotected).level == 2);
  b.succeeds(v1_0::kRmiRttFold, r.rd, r.unprotected, 2);
  const auto folded = b.walk(r.rd, r.unprotected + 77 * kPage);
  CHECK(folded.level == 1);
  b.succeeds(v1_0::kRmiRttMapUnprotected, r.rd, r.unprotected + kBlock1, 1, (5 * kBlock1) | kHost);
  const auto mapped = b.walk(r.rd, r.unprotected + kBlock1);
  CHECK(mapped.level == 1);
  CHECK(mapped.entry.attributes == folded.entry.attributes);
  CHECK(folded.entry.address.value == kBlock1);
}
