// SPDX-License-Identifier: GPL-2.0-or-later
#include "rmm/spec/judge.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <type_traits>
#include <utility>

#include "rmm/abi/layout.h"
#include "rmm/abi/v1_0/function_ids.h"
#include "rmm/abi/v1_0/structures.h"
#include "rmm/spec/command.h"
#include "rmm/spec/realm_access.h"

namespace rmm::spec {
namespace {

std::string list(const std::vector<Outcome>& outcomes) {
  std::string text;
  for (const Outcome& outcome : outcomes) text += fmt::format("\n  allowed: {}", describe(outcome));
  return text;
}

template <class Struct>
std::string page_line(std::string_view name, const std::vector<std::byte>& bytes) {
  std::string line(name);
  abi::for_each_field(abi::decode<Struct>(bytes), [&](std::string_view field, std::size_t, const auto& member) {
    if constexpr (std::is_integral_v<std::remove_cvref_t<decltype(member)>>) {
      if (member != 0) line += fmt::format(" {}=0x{:x}", field, member);
    } else {
      for (std::size_t i = 0; i < member.size(); ++i) {
        if (member[i] != 0) line += fmt::format(" {}[{}]=0x{:x}", field, i, member[i]);
      }
    }
  });
  return line;
}

template <class Struct>
void add_page(std::vector<std::string>& lines, std::string_view name, Pa at, const World& world) {
  if (!abi::is_granule_aligned(at)) return;
  if (const auto bytes = world.non_secure(at, abi::Layout<Struct>::kSize)) {
    lines.push_back(page_line<Struct>(fmt::format("{} at=0x{:x}", name, at.value), *bytes));
  }
}

}  // namespace

std::vector<std::string> script_lines(const Call& call, const World& world) {
  std::vector<std::string> lines;
  using namespace abi::v1_0;
  switch (call.rec.value == 0 ? call.fid() : 0) {
    case kRmiRealmCreate: add_page<RealmParams>(lines, "RmiRealmParams", {call.x(2)}, world); break;
    case kRmiRecCreate: add_page<RecParams>(lines, "RmiRecParams", {call.x(3)}, world); break;
    case kRmiRecEnter: add_page<RecEnter>(lines, "RmiRecEnter", {call.x(2)}, world); break;
    default: break;
  }
  lines.push_back(script_line(call));
  return lines;
}

std::string script_machine(const Platform& platform) {
  std::string line = "machine";
  for (std::size_t i = 0; i < platform.delegable.size(); ++i) {
    const auto& [base, top] = platform.delegable[i];
    line += fmt::format(" {}=0x{:x}", i == 0 ? "dram" : "high_dram", top - base);
    if (i != 0) line += fmt::format(" high_base=0x{:x}", base.value);
  }
  const abi::v1_0::FeatureRegister0& f = platform.features;
  return line + fmt::format(
                    " s2sz={} num_bps={} num_wps={} num_lrs={} max_recs_order={} num_rec_aux={} vmid16={} sha256={} "
                    "sha512={} pmu={} pmu_num_ctrs={} sysreg_gprs_rt={}",
                    f.s2sz, f.num_bps + 1, f.num_wps + 1, f.gicv3_num_lrs + 1, f.max_recs_order, platform.rec_aux_count,
                    platform.vmid16 ? 1 : 0, f.hash_sha_256 ? 1 : 0, f.hash_sha_512 ? 1 : 0, f.pmu ? 1 : 0,
                    f.pmu_num_ctrs, platform.sysreg_gprs_rt ? 1 : 0);
}

std::string script_line(const abi::Exception& exception, Pa rec) {
  std::string line;
  switch (exception.kind) {
    case abi::ExceptionKind::kIrq: line = "irq"; break;
    case abi::ExceptionKind::kFiq: line = "fiq"; break;
    case abi::ExceptionKind::kSerror: line = fmt::format("serror esr=0x{:x}", exception.esr); break;
    case abi::ExceptionKind::kSync:
      line = fmt::format("exception esr=0x{:x}", exception.esr);
      if (exception.far != 0) line += fmt::format(" far=0x{:x}", exception.far);
      if (exception.hpfar != 0) line += fmt::format(" hpfar=0x{:x}", exception.hpfar);
      if (exception.wfx_timeout != 0) line += fmt::format(" timeout=0x{:x}", exception.wfx_timeout);
  }
  return line + fmt::format(" rec=0x{:x}", rec.value);
}

namespace {

// The structure that RSI_HOST_CALL names, if the realm has memory there.
std::optional<std::string> host_call_line(const State& state, const World& world, Pa rd, const Call& call) {
  const Ipa ipa{call.x(1)};
  constexpr std::size_t kSize = abi::Layout<abi::v1_0::RsiHostCall>::kSize;
  const auto realm = state.realms.find(rd);
  if (realm == state.realms.end() || !is_protected(ipa, realm->second) || ipa.value % kSize != 0) return std::nullopt;
  if (access(lookup(state, rd, ipa)) != Access::kMapped) return std::nullopt;
  const auto bytes = world.realm_memory(mapped_pa(state, rd, ipa), kSize);
  return page_line<abi::v1_0::RsiHostCall>(fmt::format("RsiHostCall ipa=0x{:x}", ipa.value), bytes) +
         fmt::format(" rec=0x{:x}", call.rec.value);
}

bool enters(const std::vector<Outcome>& outcomes) {
  return std::any_of(outcomes.begin(), outcomes.end(),
                     [](const Outcome& outcome) { return outcome.entry || outcome.retried; });
}

// Takes what becomes of `granule` out of an outcome. Nothing: the outcome leaves the granule as it is.
std::optional<Outcome> part_of(Outcome& outcome, Pa granule) {
  const auto change = std::find_if(outcome.next.granules.begin(), outcome.next.granules.end(),
                                   [&](const auto& entry) { return entry.first == granule; });
  if (change == outcome.next.granules.end()) return std::nullopt;
  Outcome part;
  part.next.granules.push_back(*change);
  outcome.next.granules.erase(change);
  if (std::erase(outcome.wiped, granule) != 0) part.wiped.push_back(granule);
  return part;
}

}  // namespace

Judge::Judge(Platform platform, const World& world, std::size_t history)
    : platform_(std::move(platform)), world_(world), history_limit_(history) {}

Judge::Open& Judge::top(unsigned pe) {
  const auto it = open_.find(pe);
  if (it == open_.end() || it->second.empty()) std::abort();  // the watcher ended what it had not begun
  return it->second.back();
}

void Judge::remember(std::string line) {
  history_.push_back(std::move(line));
  if (history_.size() > history_limit_) history_.pop_front();
}

void Judge::remember(unsigned pe, const Call& call) {
  if (history_limit_ == 0) return;
  if (const auto rec = state_.recs.find(call.rec); rec != state_.recs.end() && call.fid() == abi::v1_0::kRsiHostCall) {
    if (auto line = host_call_line(state_, world_, rec->second.owner, call)) remember(std::move(*line));
  }
  for (std::string& line : script_lines(call, world_))
    remember(pe == 0 || call.rec.value != 0 ? std::move(line) : fmt::format("pe={} {}", pe, line));
}

void Judge::excepts(unsigned pe, const abi::Exception& exception) {
  if (history_limit_ != 0) remember(script_line(exception, {call(pe).x(1)}));
}

void Judge::begin(unsigned pe, const Call& call) {
  remember(pe, call);
  open_[pe].emplace_back().call = call;
  refresh(pe);
}

void Judge::refresh(unsigned pe) {
  Open& open = top(pe);
  if (open.entered || open.claimed || open.settled) return;
  open.enterable = open.enterable || enters(open.outcomes);
  if (open.version != version_) {
    for (Outcome& outcome : open.outcomes) {
      if (outcome.next.empty() && !outcome.entry) open.earlier.push_back(std::move(outcome));
    }
  }
  open.outcomes = spec::allowed(platform_, state_, world_, open.call);
  for (const Pa granule : open.given_back) {
    std::erase_if(open.outcomes, [&](Outcome& outcome) { return !part_of(outcome, granule); });
  }
  open.version = version_;
}

namespace {

// What the world sees of a transition: a realm's call has its REC to itself.
Scope shared_scope(const Call& call, const Delta& delta) {
  Scope scope = Scope::of(delta);
  scope.recs.erase(call.rec);
  return scope;
}

// The objects of `scope` alone, with the realms that their tables belong to.
State part(const State& state, const Scope& scope) {
  State out;
  const auto copy = [](const auto& from, auto& to, const auto& key) {
    if (const auto it = from.find(key); it != from.end()) to.insert(*it);
  };
  for (const Pa pa : scope.granules) copy(state.granules, out.granules, pa);
  for (const Pa rd : scope.realms) copy(state.realms, out.realms, rd);
  for (const Pa rec : scope.recs) copy(state.recs, out.recs, rec);
  for (const TableKey& key : scope.tables) {
    copy(state.tables, out.tables, key);
    copy(state.realms, out.realms, key.rd);
  }
  return out;
}

}  // namespace

Verdict Judge::settle(unsigned pe, const Abstraction& monitor, const Scope& held) {
  Open& open = top(pe);
  Verdict verdict;
  if (open.settled || open.claimed) return verdict;
  Scope scope;
  for (const Outcome& outcome : open.outcomes) scope.add(shared_scope(open.call, outcome.next));
  scope.remove(held);
  if (scope.granules.empty() && scope.realms.empty() && scope.recs.empty() && scope.tables.empty()) return verdict;
  const State seen = monitor(scope);
  std::vector<Outcome> fitting;
  for (Outcome& outcome : open.outcomes) {
    State next = part(state_, scope);
    apply(next, outcome.next);
    const std::vector<std::string> differences = diff(next, seen, scope);
    if (differences.empty()) {
      fitting.push_back(std::move(outcome));
      continue;
    }
    for (const std::string& line : differences) {
      verdict.findings.push_back(fmt::format("{}: if {}: {}", script_line(open.call),
                                             outcome.condition.empty() ? "it succeeds" : outcome.condition, line));
    }
  }
  if (fitting.empty()) {
    // Nothing was done, for a reason that held at the begin.
    const bool untouched = diff(part(state_, scope), seen, scope).empty();
    return untouched && !open.earlier.empty() ? Verdict{} : verdict;
  }
  open.outcomes = std::move(fitting);
  open.settled = true;
  return take(open.call, open.outcomes.front());
}

Verdict Judge::give_back(unsigned pe, Pa granule, const Abstraction& monitor) {
  Open& open = top(pe);
  if (open.settled) return {};
  Scope scope;
  scope.granules.insert(granule);
  const State seen = monitor(scope);
  std::vector<Outcome> fitting;
  std::optional<Outcome> given;
  for (Outcome outcome : open.outcomes) {
    std::optional<Outcome> part = part_of(outcome, granule);
    State next = rmm::spec::part(state_, scope);
    if (part) apply(next, part->next);
    if (!part || !diff(next, seen, scope).empty()) continue;
    given = std::move(part);
    fitting.push_back(std::move(outcome));
  }
  if (!given) return {};  // what the monitor did to it is compared with the rest
  open.outcomes = std::move(fitting);
  open.earlier.clear();
  open.given_back.insert(granule);
  Verdict verdict = take(open.call, *given);
  open.version = version_;
  return verdict;
}

Verdict Judge::claim(unsigned pe) {
  Open& open = top(pe);
  Verdict verdict;
  const Pa rec{open.call.x(1)};
  if (!(open.enterable || enters(open.outcomes)) || !state_.recs.contains(rec)) {
    verdict.findings.push_back(fmt::format("{}: the REC was entered{}", script_line(open.call), list(open.outcomes)));
    return verdict;
  }
  open.claimed = true;
  state_.recs.at(rec).running = true;
  ++version_;
  verdict.touched.recs.insert(rec);
  return verdict;
}

Verdict Judge::open_entry(unsigned pe) {
  Open& open = top(pe);
  if (!open.claimed || open.opened) return {};
  open.opened = true;
  open.outcomes = entries(platform_, state_, world_, open.call);
  if (open.outcomes.empty()) return {{fmt::format("{}: entered without its page", script_line(open.call))}, {}, {}};
  const Outcome& outcome = open.outcomes.front();
  return outcome.retried ? Verdict{} : take(open.call, outcome);
}

void Judge::rested(unsigned pe) {
  const auto rec = state_.recs.find(Pa{top(pe).call.x(1)});
  if (rec == state_.recs.end()) return;
  rec->second.running = false;
  ++version_;
}

const std::vector<Outcome>& Judge::allowed(unsigned pe) const { return open_.at(pe).back().outcomes; }

bool Judge::matches(const Outcome& outcome, const Observed& observed) const {
  const std::uint32_t compared = outcome.compared & observed.seen;
  for (std::size_t n = 0; n < observed.regs.x.size(); ++n) {
    if ((compared & (1U << n)) != 0 && outcome.regs.x.at(n) != observed.regs.x.at(n)) return false;
  }
  return !outcome.also || outcome.also(observed.regs);
}

Verdict Judge::take(const Call& call, const Outcome& outcome) {
  Verdict verdict;
  apply(state_, outcome.next);
  if (!outcome.next.empty()) ++version_;
  verdict.touched = Scope::of(outcome.next);
  verdict.wiped = outcome.wiped;
  for (const auto& [pa, pas] : outcome.pas) {
    if (world_.pas(pa) != pas) {
      verdict.findings.push_back(fmt::format("{}: granule 0x{:x} is in PAS {}, not {}", script_line(call), pa.value,
                                             static_cast<unsigned>(world_.pas(pa)), static_cast<unsigned>(pas)));
    }
  }
  if (outcome.write && world_.realm_memory(outcome.write->to, outcome.write->bytes.size()) != outcome.write->bytes) {
    verdict.findings.push_back(fmt::format("{}: the realm's memory at PA 0x{:x} does not hold what it should",
                                           script_line(call), outcome.write->to.value));
  }
  return verdict;
}

const Outcome* Judge::find(const std::vector<Outcome>& outcomes, const Observed& observed, bool& other_name) const {
  for (const Outcome& outcome : outcomes) {
    if (outcome.entry || outcome.exit || outcome.retried || !matches(outcome, observed)) continue;
    // Ids of our own have no counterpart in the text: they are allowed by what they report.
    const bool named =
        observed.condition.empty() || observed.condition.front() == '_' || observed.condition == outcome.condition;
    if (named) return &outcome;
    other_name = true;
  }
  return nullptr;
}

Verdict Judge::end(unsigned pe, const Observed& observed) {
  const Open open = std::move(top(pe));
  open_[pe].pop_back();
  if (open.exited) return end_of_enter(open, observed);
  bool other_name = false;
  if (const Outcome* found = find(open.outcomes, observed, other_name)) {
    return open.settled ? Verdict{} : take(open.call, *found);
  }
  if (!open.settled && find(open.earlier, observed, other_name) != nullptr) return {};
  Verdict verdict;
  std::string result = fmt::format("X0=0x{:x}", observed.regs.x[0]);
  for (std::size_t n = 1; n <= 4; ++n) {
    if ((observed.seen & (1U << n)) != 0) result += fmt::format(" X{}=0x{:x}", n, observed.regs.x.at(n));
  }
  verdict.findings.push_back(fmt::format("{}: the monitor answered {}{}{}{}{}", script_line(open.call), result,
                                         observed.condition.empty() ? "" : " for ", observed.condition,
                                         other_name ? ", which does not hold or comes after another that does" : "",
                                         list(open.outcomes)));
  return verdict;
}

Verdict Judge::end_of_enter(const Open& open, const Observed& observed) const {
  Verdict verdict;
  Observed as_success = observed;
  if (observed.exit_fault) {  // the one failure with effects: the REC has run
    const std::uint64_t input = abi::v1_0::RmiReturn{abi::v1_0::RmiStatus::kErrorInput, 0}.raw();
    if (observed.regs.x[0] != input) {
      verdict.findings.push_back(fmt::format("{}: writing the exit faulted, X0=0x{:x} instead of 0x{:x}",
                                             script_line(open.call), observed.regs.x[0], input));
    }
    as_success.regs.x[0] = 0;
  }
  for (const Outcome& outcome : open.outcomes) {
    if ((outcome.entry || outcome.retried) && !matches(outcome, as_success)) {
      verdict.findings.push_back(fmt::format("{}: after the exit X0=0x{:x} X1=0x{:x} X2=0x{:x} X3=0x{:x}, {}",
                                             script_line(open.call), observed.regs.x[0], observed.regs.x[1],
                                             observed.regs.x[2], observed.regs.x[3], describe(outcome)));
    }
  }
  return verdict;
}

Verdict Judge::entered(unsigned pe, const Gprs& gprs, std::uint64_t pc) {
  Open& open = top(pe);
  Verdict opening = open_entry(pe);
  const auto found = std::find_if(open.outcomes.begin(), open.outcomes.end(),
                                  [](const Outcome& outcome) { return outcome.entry && !outcome.retried; });
  if (found == open.outcomes.end()) {
    Verdict verdict;
    verdict.findings.push_back(fmt::format("{}: the REC was entered{}", script_line(open.call), list(open.outcomes)));
    return verdict;
  }
  open.entered = true;
  Verdict verdict = open.opened ? std::move(opening) : take(open.call, *found);
  const RealmEntry& entry = *found->entry;
  if (entry.takes_sea) return verdict;
  for (std::size_t n = 0; n < gprs.size(); ++n) {
    if ((entry.compared & (1U << n)) == 0 || entry.gprs.at(n) == gprs.at(n)) continue;
    verdict.findings.push_back(fmt::format("{}: at entry X{}: model 0x{:x}, monitor 0x{:x}", script_line(open.call), n,
                                           entry.gprs.at(n), gprs.at(n)));
  }
  if (entry.pc != pc) {
    verdict.findings.push_back(
        fmt::format("{}: at entry PC: model 0x{:x}, monitor 0x{:x}", script_line(open.call), entry.pc, pc));
  }
  return verdict;
}

Verdict Judge::call_exits(unsigned pe) {
  const Open open = std::move(top(pe));
  open_[pe].pop_back();
  const auto found = std::find_if(open.outcomes.begin(), open.outcomes.end(),
                                  [](const Outcome& outcome) { return outcome.exit || outcome.retried; });
  if (found == open.outcomes.end()) {
    Verdict verdict;
    verdict.findings.push_back(
        fmt::format("{}: the REC exits for the call{}", script_line(open.call), list(open.outcomes)));
    return verdict;
  }
  ExitCause cause;
  if (found->exit) {
    cause.kind = ExitCause::Kind::kCall;
    cause.call = *found->exit;
  } else {
    cause.kind = ExitCause::Kind::kRealmAccess;
    cause.access = {open.call.x(1)};  // the command's addr
  }
  top(pe).call_exit = std::move(cause);
  return open.settled ? Verdict{} : take(open.call, *found);
}

Verdict Judge::left(unsigned pe, const ExitCause& seen, const ExitShown& shown) {
  Open& open = top(pe);
  const Pa rec{open.call.x(1)};
  Verdict verdict;
  if (!state_.recs.contains(rec)) {
    verdict.findings.push_back(fmt::format("{}: an exit of what is no REC", script_line(open.call)));
    return verdict;
  }
  ExitCause cause = seen;
  const bool at_entry = cause.kind == ExitCause::Kind::kEntryAccess;
  if (at_entry) cause.access = state_.recs.at(rec).host_call;
  if (cause.kind == ExitCause::Kind::kCall || cause.kind == ExitCause::Kind::kRealmAccess) {
    if (!open.call_exit || open.call_exit->kind != cause.kind) {
      verdict.findings.push_back(
          fmt::format("{}: the exit is for another call than the realm's", script_line(open.call)));
    } else {
      cause = *open.call_exit;
    }
  }
  const bool unwritable =
      std::any_of(open.outcomes.begin(), open.outcomes.end(), [](const Outcome& outcome) { return outcome.retried; });
  if (at_entry ? !unwritable : !open.entered) {
    verdict.findings.push_back(
        fmt::format("{}: an exit without an entry{}", script_line(open.call), list(open.outcomes)));
  }
  ExitJudgement judgement = judge_exit(platform_, state_, rec, cause, shown);
  for (const std::string& wrong : judgement.wrong) {
    verdict.findings.push_back(fmt::format("{}: {}", script_line(open.call), wrong));
  }
  apply(state_, judgement.next);
  ++version_;
  if (open.claimed) state_.recs.at(rec).running = true;  // until rested()
  verdict.touched = Scope::of(judgement.next);
  open.exited = true;
  return verdict;
}

}  // namespace rmm::spec
