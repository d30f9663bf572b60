// SPDX-License-Identifier: GPL-2.0-or-later
#include "rmm/check/conditions.h"

#include <unordered_map>

#include "rmm/v1_0/table.h"

namespace rmm::check {
namespace {

using core::GranuleState;

enum class Test : std::uint8_t { kAligned, kDelegable, kState, kRealmIsNew };

struct Rule {
  std::string_view command;  // empty: every command with this condition and argument
  std::string_view condition, argument;
  Test test = Test::kAligned;
  GranuleState state = GranuleState::kUndelegated;  // kState: what the granule must be
};

constexpr Rule kRules[] = {
    {"", "rd_align", "rd", Test::kAligned},
    {"", "rd_bound", "rd", Test::kDelegable},
    {"RMI_REALM_CREATE", "rd_state", "rd", Test::kState, GranuleState::kDelegated},
    {"", "rd_state", "rd", Test::kState, GranuleState::kRd},
    {"", "data_align", "data", Test::kAligned},
    {"", "data_bound", "data", Test::kDelegable},
    {"", "data_state", "data", Test::kState, GranuleState::kDelegated},
    {"", "src_align", "src", Test::kAligned},
    {"", "src_bound", "src", Test::kDelegable},
    {"", "rtt_align", "rtt", Test::kAligned},
    {"", "rtt_bound", "rtt", Test::kDelegable},
    {"RMI_RTT_CREATE", "rtt_state", "rtt", Test::kState, GranuleState::kDelegated},
    {"", "rec_align", "rec", Test::kAligned},
    {"", "rec_bound", "rec", Test::kDelegable},
    {"RMI_REC_CREATE", "rec_state", "rec", Test::kState, GranuleState::kDelegated},
    {"", "rec_gran_state", "rec", Test::kState, GranuleState::kRec},
    {"", "rec_align", "rec_ptr", Test::kAligned},
    {"", "rec_bound", "rec_ptr", Test::kDelegable},
    {"", "rec_gran_state", "rec_ptr", Test::kState, GranuleState::kRec},
    {"", "run_align", "run_ptr", Test::kAligned},
    {"", "run_bound", "run_ptr", Test::kDelegable},
    {"", "params_align", "params_ptr", Test::kAligned},
    {"", "params_bound", "params_ptr", Test::kDelegable},
    {"", "gran_align", "addr", Test::kAligned},
    {"", "gran_bound", "addr", Test::kDelegable},
    {"RMI_GRANULE_DELEGATE", "gran_state", "addr", Test::kState, GranuleState::kUndelegated},
    {"RMI_GRANULE_UNDELEGATE", "gran_state", "addr", Test::kState, GranuleState::kDelegated},
    {"", "calling_align", "calling_rec", Test::kAligned},
    {"", "calling_bound", "calling_rec", Test::kDelegable},
    {"", "calling_state", "calling_rec", Test::kState, GranuleState::kRec},
    {"", "target_align", "target_rec", Test::kAligned},
    {"", "target_bound", "target_rec", Test::kDelegable},
    {"", "target_state", "target_rec", Test::kState, GranuleState::kRec},
    {"RMI_DATA_CREATE", "ipa_align", "ipa", Test::kAligned},
    {"RMI_DATA_CREATE_UNKNOWN", "ipa_align", "ipa", Test::kAligned},
    {"RMI_DATA_DESTROY", "ipa_align", "ipa", Test::kAligned},
    {"", "realm_state", "rd", Test::kRealmIsNew},
};

const Rule* rule_of(std::string_view command, std::string_view condition, const Values& args) {
  for (const Rule& rule : kRules)
    if (rule.condition == condition && (rule.command.empty() || rule.command == command) && args.find(rule.argument))
      return &rule;
  return nullptr;
}

const call::Command* row_of(std::string_view command) {
  static const auto kByName = [] {
    std::unordered_map<std::string_view, const call::Command*> rows;
    for (const v1_0::Row* row : v1_0::rmi_rows()) rows.emplace(row->command->name, row->command);
    return rows;
  }();
  const auto it = kByName.find(command);
  return it == kByName.end() ? nullptr : it->second;
}

bool lists(std::string_view ids, std::string_view id) {
  bool found = false;
  call::for_each_id(ids, [&](std::string_view each) { found = found || each == id; });
  return found;
}

// A mandated pair, or a test that only makes sense after the other: an address is aligned, then it exists, then it has
// a state.
bool precedes(const call::Command& row, const Values& args, std::string_view first, std::string_view then) {
  for (const call::Before& pair : row.before)
    if (lists(pair.first, first) && lists(pair.then, then)) return true;
  const Rule* a = rule_of(row.name, first, args);
  const Rule* b = rule_of(row.name, then, args);
  return a != nullptr && b != nullptr && a->argument == b->argument && a->test < b->test;
}

}  // namespace

std::optional<bool> Conditions::holds(const call::Command& row, const RmiProgress& command, std::string_view id) const {
  const Rule* rule = rule_of(row.name, id, command.args);
  if (rule == nullptr) return std::nullopt;
  const abi::Pa value{command.args.get(rule->argument)};
  switch (rule->test) {
    case Test::kAligned: return !abi::is_granule_aligned(value);
    case Test::kDelegable: return !state_.granules.is_delegable(value);
    case Test::kState:
      for (const SeenGranule& seen : command.seen)
        if (seen.pa == value) return seen.state != rule->state;
      return std::nullopt;
    case Test::kRealmIsNew:
      if (!command.realm_state) return std::nullopt;
      return *command.realm_state != core::RealmState::kNew;
  }
  return std::nullopt;
}

void Conditions::judge(Findings& findings, const RmiProgress& command, std::string_view reported) const {
  const call::Command* row = row_of(command.name);
  if (row == nullptr) return;
  for (const call::Condition& condition : row->conditions) {
    const std::optional<bool> held = holds(*row, command, condition.id);
    if (!held) continue;
    if (reported.empty()) {
      findings.expect("I23", !*held, "{} succeeded although {}: {}", command.name, condition.id, condition.meaning);
    } else if (condition.id == reported) {
      findings.expect("I23", *held, "{} failed with {} ({}), which is not so", command.name, condition.id,
                      condition.meaning);
    } else if (*held) {
      findings.expect("I23", !precedes(*row, command.args, condition.id, reported),
                      "{} failed with {}, but {} ({}) holds and comes first", command.name, reported, condition.id,
                      condition.meaning);
    }
  }
}

}  // namespace rmm::check
