// SPDX-License-Identifier: GPL-2.0-or-later
// DEN0137 1.0-rel0 B5.3: the commands of the Realm Services Interface.
#include <algorithm>
#include <cstring>

#include "rmm/abi/layout.h"
#include "rmm/abi/v1_0/function_ids.h"
#include "rmm/abi/v1_0/structures.h"
#include "rmm/spec/command.h"
#include "rmm/spec/measurement.h"
#include "rmm/spec/realm_access.h"

namespace rmm::spec {
namespace {

using abi::v1_0::RsiStatus;
using enum Report;

constexpr std::uint64_t kHostCallAlignment = 256;

struct RsiContext : Context {
  using Context::Context;
  const Rec& rec() const { return state.recs.at(call.rec); }
  Pa rd() const { return rec().owner; }
  const Realm& realm() const { return state.realms.at(rd()); }
  Access access_to(Ipa addr) const { return access(lookup(state, rd(), addr)); }
  // D10: the command is made again when the page is there.
  Outcome retry() const {
    Outcome outcome = result(call, 0);
    outcome.retried = true;
    outcome.compared = 0;
    return outcome;
  }
  Outcome with_rec(Outcome outcome, const Rec& next) const {
    outcome.next.recs.emplace_back(call.rec, next);
    return outcome;
  }
};

// A command that reads or writes the realm's memory at `addr`.
struct MemoryContext : RsiContext {
  using RsiContext::RsiContext;
  Ipa addr() const { return ipa(1); }
  bool addr_is_usable() const { return aligned(addr()) && is_protected(addr(), realm()); }
};

constexpr auto kAddrAlign = [](const auto& c) { return !c.aligned(c.addr()); };
constexpr auto kAddrBound = [](const auto& c) { return !is_protected(c.addr(), c.realm()); };
constexpr auto kAddrEmpty = [](const auto& c) { return c.access_to(c.addr()) == Access::kEmpty; };
constexpr std::array kMemoryOrder{Precedes{"addr_align addr_bound", "_addr_empty"}};

struct RsiVersion : RsiContext {
  using RsiContext::RsiContext;
  static constexpr std::array kInputs{Register{"req", 1}};
  static constexpr std::array kOutputs{Register{"lower", 1}, Register{"higher", 2}};
  std::uint64_t req() const { return call.x(1) & 0x7fffffff; }  // B5.4.4; the rest SBZ (D3)
  static const Conditions<RsiVersion>& conditions() {
    using C = RsiVersion;
    static const Conditions<C> all{
        std::array{
            Condition<C>{"_version_lower", kRsiInput, [](const C& c) { return c.req() > c.platform.rsi_version; }},
            Condition<C>{"_version_higher", kRsiInput, [](const C& c) { return c.req() < c.platform.rsi_version; }},
        },
        kNoOrder};
    return all;
  }
  void amend(const Condition<RsiVersion>& /*found*/, Outcome& outcome, std::vector<Outcome>& /*outcomes*/) const {
    outcome.regs.x[1] = outcome.regs.x[2] = platform.rsi_version;
  }
  void succeed(std::vector<Outcome>& outcomes) const {
    outcomes.push_back(result(call, 0, kOutputs, {req(), platform.rsi_version}));
  }
};

struct RsiFeatures : RsiContext {
  using RsiContext::RsiContext;
  static constexpr std::array kInputs{Register{"index", 1}};
  static constexpr std::array kOutputs{Register{"value", 1}};
  static const Conditions<RsiFeatures>& conditions() {
    static const Conditions<RsiFeatures> none{std::array<Condition<RsiFeatures>, 0>{}, kNoOrder};
    return none;
  }
  void succeed(std::vector<Outcome>& outcomes) const { outcomes.push_back(result(call, 0, kOutputs, {0})); }
};

struct MeasurementRead : RsiContext {
  using RsiContext::RsiContext;
  static constexpr std::array kInputs{Register{"index", 1}};
  static constexpr std::array kOutputs{Register{"value_0", 1}, Register{"value_1", 2}, Register{"value_2", 3},
                                       Register{"value_3", 4}, Register{"value_4", 5}, Register{"value_5", 6},
                                       Register{"value_6", 7}, Register{"value_7", 8}};
  std::uint64_t index() const { return call.x(1); }
  static const Conditions<MeasurementRead>& conditions() {
    using C = MeasurementRead;
    static const Conditions<C> all{
        std::array{Condition<C>{"index_bound", kRsiInput, [](const C& c) { return c.index() > 4; }}}, kNoOrder};
    return all;
  }
  void succeed(std::vector<Outcome>& outcomes) const {
    Outcome done = result(call, 0, kOutputs);
    const Measurement& measurement = realm().measurements.at(index());
    std::memcpy(&done.regs.x[1], measurement.data(), measurement.size());
    outcomes.push_back(std::move(done));
  }
};

struct MeasurementExtend : RsiContext {
  using RsiContext::RsiContext;
  static constexpr std::array kInputs{Register{"index", 1},   Register{"size", 2},    Register{"value_0", 3},
                                      Register{"value_1", 4}, Register{"value_2", 5}, Register{"value_3", 6},
                                      Register{"value_4", 7}, Register{"value_5", 8}, Register{"value_6", 9},
                                      Register{"value_7", 10}};
  static constexpr std::array<Register, 0> kOutputs{};
  std::uint64_t index() const { return call.x(1); }
  std::uint64_t size() const { return call.x(2); }
  static const Conditions<MeasurementExtend>& conditions() {
    using C = MeasurementExtend;
    static const Conditions<C> all{
        std::array{
            Condition<C>{"index_bound", kRsiInput, [](const C& c) { return c.index() < 1 || c.index() > 4; }},
            Condition<C>{"size_bound", kRsiInput, [](const C& c) { return c.size() > sizeof(Measurement); }},
        },
        kNoOrder};
    return all;
  }
  void succeed(std::vector<Outcome>& outcomes) const {
    Outcome done = result(call, 0);
    Realm extended = realm();
    Measurement& rem = extended.measurements.at(index());
    rem = rem_extend(extended.hash_algo, rem, std::as_bytes(std::span(call.regs.x).subspan(3, 8)), size());
    done.next.realms.emplace_back(rd(), extended);
    outcomes.push_back(std::move(done));
  }
};

struct TokenInit : RsiContext {
  using RsiContext::RsiContext;
  static constexpr std::array kInputs{
      Register{"challenge_0", 1}, Register{"challenge_1", 2}, Register{"challenge_2", 3}, Register{"challenge_3", 4},
      Register{"challenge_4", 5}, Register{"challenge_5", 6}, Register{"challenge_6", 7}, Register{"challenge_7", 8}};
  static constexpr std::array kOutputs{Register{"size", 1}};
  static const Conditions<TokenInit>& conditions() {
    static const Conditions<TokenInit> none{std::array<Condition<TokenInit>, 0>{}, kNoOrder};
    return none;
  }
  void succeed(std::vector<Outcome>& outcomes) const {
    Outcome done = result(call, 0, kOutputs);
    done.compared &= ~(1U << 1);  // an upper bound of the implementation's
    done.also = [](const abi::SmcRegs& regs) { return regs.x[1] != 0; };
    done.demand = "the bound on the token's size is not zero";
    Rec next = rec();
    next.attest_in_progress = true;
    std::copy_n(call.regs.x.begin() + 1, next.attest_challenge.size(), next.attest_challenge.begin());
    outcomes.push_back(with_rec(std::move(done), next));
  }
};

struct TokenContinue : MemoryContext {
  using MemoryContext::MemoryContext;
  static constexpr std::array kInputs{Register{"addr", 1}, Register{"offset", 2}, Register{"size", 3}};
  static constexpr std::array kOutputs{Register{"len", 1}};
  std::uint64_t offset() const { return call.x(2); }
  std::uint64_t size() const { return call.x(3); }
  bool overflows() const { return offset() + size() < offset(); }
  static const Conditions<TokenContinue>& conditions() {
    using C = TokenContinue;
    static const Conditions<C> all{
        std::array{
            Condition<C>{"addr_align", kRsiInput, kAddrAlign},
            Condition<C>{"addr_bound", kRsiInput, kAddrBound},
            Condition<C>{"offset_bound", kRsiInput, [](const C& c) { return c.offset() >= abi::kGranuleSize; }},
            Condition<C>{"size_overflow", kRsiInput, [](const C& c) { return c.overflows(); }},
            Condition<C>{"size_bound", kRsiInput,
                         [](const C& c) { return !c.overflows() && c.offset() + c.size() > abi::kGranuleSize; }},
            Condition<C>{"state", kRsiState, [](const C& c) { return !c.rec().attest_in_progress; }},
            Condition<C>{"_addr_empty", kRsiInput, kAddrEmpty},
            // "for an unknown or IMPDEF reason"
            Condition<C>{"unknown", kRsiUnknown, [](const C& /*c*/) { return Truth(Truth::kMay); }},
        },
        std::array{
            Precedes{"addr_align addr_bound", "_addr_empty"},
            Precedes{"addr_align addr_bound offset_bound size_overflow size_bound state _addr_empty", "unknown"}}};
    return all;
  }
  void amend(const Condition<TokenContinue>& found, Outcome& /*outcome*/, std::vector<Outcome>& outcomes) const {
    // Whether the page or the state is looked at first is not said.
    if (found.report == kRsiState && addr_is_usable() && access_to(addr()) == Access::kAborts) {
      outcomes.push_back(retry());
    }
  }
  void succeed(std::vector<Outcome>& outcomes) const {
    if (access_to(addr()) == Access::kAborts) {
      outcomes.assign(1, retry());
      return;
    }
    for (const RsiStatus status : {RsiStatus::kIncomplete, RsiStatus::kSuccess}) {
      Outcome done = result(call, static_cast<std::uint64_t>(status), kOutputs);
      done.compared &= ~(1U << 1);
      done.also = [limit = size()](const abi::SmcRegs& regs) { return regs.x[1] <= limit; };
      done.demand = "len is at most size";
      Rec next = rec();
      next.attest_in_progress = status == RsiStatus::kIncomplete;
      outcomes.push_back(with_rec(std::move(done), next));
    }
  }
};

struct RealmConfig : MemoryContext {
  using MemoryContext::MemoryContext;
  static constexpr std::array kInputs{Register{"addr", 1}};
  static constexpr std::array<Register, 0> kOutputs{};
  static const Conditions<RealmConfig>& conditions() {
    using C = RealmConfig;
    static const Conditions<C> all{
        std::array{Condition<C>{"addr_align", kRsiInput, kAddrAlign}, Condition<C>{"addr_bound", kRsiInput, kAddrBound},
                   Condition<C>{"_addr_empty", kRsiInput, kAddrEmpty}},
        kMemoryOrder};
    return all;
  }
  void succeed(std::vector<Outcome>& outcomes) const {
    if (access_to(addr()) == Access::kAborts) {
      outcomes.push_back(retry());
      return;
    }
    abi::v1_0::RsiRealmConfig config;
    config.ipa_width = realm().ipa_width;
    config.hash_algo = static_cast<std::uint8_t>(realm().hash_algo);
    config.rpv = realm().rpv;
    RealmWrite write;
    write.to = mapped_pa(state, rd(), addr());
    write.bytes.resize(abi::Layout<abi::v1_0::RsiRealmConfig>::kSize);  // unused bits MBZ
    abi::encode(config, write.bytes);
    Outcome done = result(call, 0);
    done.write = std::move(write);
    outcomes.push_back(std::move(done));
  }
};

struct HostCall : MemoryContext {
  using MemoryContext::MemoryContext;
  static constexpr std::array kInputs{Register{"addr", 1}};
  static constexpr std::array<Register, 0> kOutputs{};
  static const Conditions<HostCall>& conditions() {
    using C = HostCall;
    static const Conditions<C> all{
        std::array{Condition<C>{"addr_align", kRsiInput,
                                [](const C& c) { return !abi::is_aligned(c.addr().value, kHostCallAlignment); }},
                   Condition<C>{"addr_bound", kRsiInput, kAddrBound},
                   Condition<C>{"_addr_empty", kRsiInput, kAddrEmpty}},
        kMemoryOrder};
    return all;
  }
  void succeed(std::vector<Outcome>& outcomes) const {
    if (access_to(addr()) == Access::kAborts) {
      outcomes.push_back(retry());
      return;
    }
    const auto bytes = world.realm_memory(mapped_pa(state, rd(), addr()), abi::Layout<abi::v1_0::RsiHostCall>::kSize);
    const auto request = abi::decode<abi::v1_0::RsiHostCall>(bytes);
    CallExit exit;  // A4.3.9
    exit.reason = abi::v1_0::RecExitReason::kHostCall;
    exit.imm = request.imm;
    for (std::size_t i = 0; i < request.gprs.size(); ++i) exit.gprs.emplace_back(i, request.gprs[i]);
    Outcome done = result(call, 0);
    done.exit = std::move(exit);
    Rec next = rec();
    next.host_call_pending = true;
    next.host_call = addr();
    next.pause = Pause::kHostCall;
    outcomes.push_back(with_rec(std::move(done), next));
  }
};

struct IpaStateSet : RsiContext {
  using RsiContext::RsiContext;
  static constexpr std::array kInputs{Register{"base", 1}, Register{"top", 2}, Register{"ripas", 3},
                                      Register{"flags", 4}};
  static constexpr std::array kOutputs{Register{"new_base", 1}, Register{"response", 2}};
  Ipa base() const { return ipa(1); }
  Ipa top() const { return ipa(2); }
  std::uint8_t ripas() const { return static_cast<std::uint8_t>(call.x(3)); }  // 7:0; the rest SBZ (D3)
  static const Conditions<IpaStateSet>& conditions() {
    using C = IpaStateSet;
    static const Conditions<C> all{
        std::array{
            Condition<C>{"base_align", kRsiInput, [](const C& c) { return !aligned(c.base()); }},
            Condition<C>{"top_align", kRsiInput, [](const C& c) { return !aligned(c.top()); }},
            Condition<C>{"size_valid", kRsiInput, [](const C& c) { return c.top() <= c.base(); }},
            Condition<C>{"rgn_bound", kRsiInput,
                         [](const C& c) { return !is_protected_range(c.base(), c.top(), c.realm()); }},
            Condition<C>{"ripas_valid", kRsiInput, [](const C& c) { return c.ripas() > 1; }},
        },
        kNoOrder};
    return all;
  }
  void succeed(std::vector<Outcome>& outcomes) const {
    Outcome done = result(call, 0, kOutputs);
    CallExit exit;  // A4.3.8
    exit.reason = abi::v1_0::RecExitReason::kRipasChange;
    exit.ripas_base = base();
    exit.ripas_top = top();
    exit.ripas_value = static_cast<Ripas>(ripas());
    done.exit = std::move(exit);
    Rec next = rec();
    next.ripas_addr = base();
    next.ripas_top = top();
    next.ripas_value = static_cast<Ripas>(ripas());
    next.change_destroyed = (call.x(4) & abi::v1_0::kRipasChangeDestroyed) != 0;
    next.pause = Pause::kRipasChange;
    outcomes.push_back(with_rec(std::move(done), next));
  }
};

struct IpaStateGet : RsiContext {
  using RsiContext::RsiContext;
  static constexpr std::array kInputs{Register{"base", 1}, Register{"top", 2}};
  static constexpr std::array kOutputs{Register{"out_top", 1}, Register{"ripas", 2}};
  Ipa base() const { return ipa(1); }
  Ipa top() const { return ipa(2); }
  static const Conditions<IpaStateGet>& conditions() {
    using C = IpaStateGet;
    static const Conditions<C> all{
        std::array{
            Condition<C>{"base_align", kRsiInput, [](const C& c) { return !aligned(c.base()); }},
            Condition<C>{"end_align", kRsiInput, [](const C& c) { return !aligned(c.top()); }},
            Condition<C>{"size_valid", kRsiInput, [](const C& c) { return c.top() <= c.base(); }},
            Condition<C>{"rgn_bound", kRsiInput,
                         [](const C& c) { return !is_protected_range(c.base(), c.top(), c.realm()); }},
        },
        kNoOrder};
    return all;
  }
  // From `from` on everything has `ripas`, as far as the result says.
  static Ipa same_ripas_top(const State& state, Pa rd, Ipa from, Ipa top, Ripas ripas) {
    while (from < top) {
      const Walk at = walk(state, rd, from, kPageLevel);
      if (at.entry.ripas != ripas) break;
      from = entry_ipa(at.key, at.index) + level_size(at.level);
    }
    return std::min(from, top);
  }
  void succeed(std::vector<Outcome>& outcomes) const {
    const Ripas ripas = lookup(state, rd(), base()).ripas;
    Outcome done = result(call, 0, kOutputs, {0, static_cast<std::uint64_t>(ripas)});
    done.compared &= ~(1U << 1);
    // How far one answer reaches is the monitor's choice, so only the length it chose is looked at.
    done.also = [this_state = &state, owner = rd(), from = base(), to = top(), ripas](const abi::SmcRegs& regs) {
      const Ipa out_top{regs.x[1]};
      return out_top > from && out_top <= to && aligned(out_top) &&
             same_ripas_top(*this_state, owner, from, out_top, ripas) == out_top;
    };
    done.demand = "base < out_top <= top, and [base, out_top) has one RIPAS";
    outcomes.push_back(std::move(done));
  }
};

}  // namespace

std::vector<Command> rsi_commands() {
  using namespace abi::v1_0;
  return {row<RsiVersion>("RSI_VERSION", kRsiVersion, Interface::kRsi),
          row<RsiFeatures>("RSI_FEATURES", kRsiFeatures, Interface::kRsi),
          row<MeasurementRead>("RSI_MEASUREMENT_READ", kRsiMeasurementRead, Interface::kRsi),
          row<MeasurementExtend>("RSI_MEASUREMENT_EXTEND", kRsiMeasurementExtend, Interface::kRsi),
          row<TokenInit>("RSI_ATTESTATION_TOKEN_INIT", kRsiAttestationTokenInit, Interface::kRsi),
          row<TokenContinue>("RSI_ATTESTATION_TOKEN_CONTINUE", kRsiAttestationTokenContinue, Interface::kRsi),
          row<RealmConfig>("RSI_REALM_CONFIG", kRsiRealmConfig, Interface::kRsi),
          row<IpaStateSet>("RSI_IPA_STATE_SET", kRsiIpaStateSet, Interface::kRsi),
          row<IpaStateGet>("RSI_IPA_STATE_GET", kRsiIpaStateGet, Interface::kRsi),
          row<HostCall>("RSI_HOST_CALL", kRsiHostCall, Interface::kRsi)};
}

}  // namespace rmm::spec
