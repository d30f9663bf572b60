// SPDX-License-Identifier: GPL-2.0-or-later
// One table row per failure condition of the specification: a world in which the command succeeds, and the one change
// after which exactly this condition holds. conditions_test.cpp generates the tests from the rows.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "rmm/call/command.h"
#include "tests/rmm/rmi_bench.h"

namespace conditions {

using rmm::core::RealmState;

inline constexpr std::uint64_t kOutsideDram = 0x1000;  // no bank of the fake platform
inline constexpr std::uint64_t kPoison = 0x5a5a;       // registers that are no argument
inline constexpr std::size_t kRegisters = 18;

// A world and one call in it. Rows change either; the runner calls.
struct Scene {
  explicit Scene(const rmm::core::Limits& limits = {}) : b(limits) { x.fill(kPoison); }

  // A NEW realm with two RECs at most; `rd` is the usual first argument.
  rmi::TestRealm& make_realm(const rmi::Shape& shape = {}) {
    realm = std::make_unique<rmi::TestRealm>(b, shape);
    return *realm;
  }
  rmi::TestRealm& make_other(const rmi::Shape& shape) {
    other = std::make_unique<rmi::TestRealm>(b, shape);
    return *other;
  }
  void set_realm_state(RealmState state) { b.realm(realm->rd).state = rmm::port::Shared(state); }
  // Puts `p` where the argument register points to.
  template <class Struct>
  void put_at(unsigned reg, const Struct& p) {
    b.put(abi::Pa{x[reg]}, p);
  }

  rmi::Bench b;
  std::unique_ptr<rmi::TestRealm> realm, other;
  abi::Pa rec, other_rec, run;
  rmi::RealmParams realm_params;
  rmi::RecParams rec_params;

  std::array<std::uint64_t, kRegisters> x{};        // x[0]: function id; arguments from x[1]
  std::uint64_t index = 0;                          // expected index of the return word
  std::uint64_t top = 0;                            // expected output `top`
  bool inside = false;                              // the call is made while another PE runs `rec`
  bool rec_runs = false;                            // the failure comes after the REC has run (_exit_fault)
  std::vector<std::vector<std::uint64_t>> prelude;  // X0, X1, ... of calls that the realm makes before
};

// What happens once the condition is switched off: the proof that no other one held.
struct Without {
  enum class Kind { kSucceeds, kFails, kUnsafe } kind;
  std::string_view text;  // kFails: the later condition that depends on this one; kUnsafe: why it is not tried
};
constexpr Without succeeds() { return {Without::Kind::kSucceeds, {}}; }
constexpr Without fails(std::string_view id) { return {Without::Kind::kFails, id}; }
constexpr Without unsafe(std::string_view why) { return {Without::Kind::kUnsafe, why}; }

inline constexpr std::string_view kNoRecord = "the monitor keeps no record of a granule outside DRAM";
inline constexpr std::string_view kWrongState = "the effect relies on the granule being locked in its state";
inline constexpr std::string_view kCrosses = "the structure would cross into the next granule";
inline constexpr std::string_view kUnread = "the contents could not be read";
inline constexpr std::string_view kNoEntry = "there is no entry outside the IPA space";
inline constexpr std::string_view kWrongEntry = "the effect relies on the entry's level and state";

struct Provocation {
  std::string_view id;
  void (*spoil)(Scene&);
  Without without;
  std::string_view variant{};  // if a condition has several causes
  rmm::core::Limits limits{};
};

// The conditions of one command.
struct Suite {
  std::string_view command;
  std::uint32_t fid;
  void (*prepare)(Scene&);  // afterwards the command succeeds
  std::vector<Provocation> provocations;
};

// Two conditions at once where the two rows' changes cannot simply be applied one after the other.
struct Together {
  std::string_view command, first, then;
  void (*spoil)(Scene&);
  std::vector<std::string_view> also_off{};  // unordered conditions that hold as well
};

// Mandated pairs that cannot hold together.
struct Impossible {
  std::string_view command;      // space separated; empty: any
  std::string_view first, then;  // space separated
  std::string_view reason;
};

std::vector<Suite> granule_suites();
std::vector<Suite> data_suites();
std::vector<Suite> realm_suites();
std::vector<Suite> rec_suites();
std::vector<Suite> rtt_suites();
std::vector<Suite> unprotected_suites();
std::vector<Suite> ripas_suites();
std::vector<Suite> realm_call_suites();
const std::vector<Suite>& all_suites();
const std::vector<Together>& together();
const std::vector<Impossible>& impossible_pairs();

// What one call did.
struct Observed {
  std::array<std::uint64_t, kRegisters> x{};
  std::string condition;
  std::vector<rmm::port::OperandValue> values;
  bool answered = true;  // false: a realm's call that left it waiting for the host
  bool unchanged = false;
  int locks_held = 0;
  bool ok() const { return condition.empty(); }
};
// Makes the scene's call once: an RMI command by the host, an RSI or PSCI call by the scene's REC.
Observed make_call(Scene& scene, rmm::port::Interface interface);

// The row with this name, and the status that the specification gives its condition `id`.
const rmm::call::Command& row_of(std::string_view command);
std::vector<const rmm::call::Command*> all_rows();
std::uint64_t specified_status(const rmm::call::Command& row, std::string_view id);

}  // namespace conditions
