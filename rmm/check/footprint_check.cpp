// SPDX-License-Identifier: GPL-2.0-or-later
#include "rmm/check/footprint_check.h"

#include <algorithm>
#include <array>

#include "rmm/check/footprints.h"

namespace rmm::check {
namespace {

constexpr Kinds kOfRealm =
    kinds(Kind::kRttEntry, Kind::kRim, Kind::kRem, Kind::kRecIndex, Kind::kRealmAttribute, Kind::kRealmShared);
constexpr Kinds kOfRec = kinds(Kind::kRecShared, Kind::kRecIdentity, Kind::kPsciRequest, Kind::kRipasWindow,
                               Kind::kHostCall, Kind::kAttestation, Kind::kExitRecord);
constexpr std::array<std::string_view, 4> kRecArguments = {"rec", "rec_ptr", "calling_rec", "target_rec"};

bool is(const Change& change, Kinds kinds) { return (bit(change.kind) & kinds) != 0; }

// Whether a change is of an object that the command was given. Kinds that no argument names hold anyway.
bool names_object(const RmiProgress& command, const Change& change) {
  const auto given = [&](std::string_view argument) {
    const auto value = command.args.find(argument);
    return value && *value == change.object;
  };
  if (is(change, kOfRealm)) return !command.args.find("rd") || given("rd");
  if (is(change, kOfRec)) return std::any_of(kRecArguments.begin(), kRecArguments.end(), given);
  if (change.kind == Kind::kHostMemory) return given("run_ptr");
  if (change.kind == Kind::kDataContents) return given("data");
  if (change.kind == Kind::kPas) return given("addr");
  if (change.kind == Kind::kWipe || change.kind == Kind::kTableContents)
    return command.effects.of(abi::GranulePa::containing(abi::Pa{change.object})) != nullptr;
  return true;
}

void expect_granules(Findings& findings, const RmiProgress& command, const Footprint& row, const Values& outputs) {
  std::size_t explained = 0;
  for (const GranuleChange& change : row.granules) {
    const auto argument = command.args.find(change.argument);
    const std::uint64_t expected = argument ? *argument : outputs.get(change.argument);
    std::size_t count = 0;
    for (const Transition& t : command.effects.transitions) {
      if (t.from != change.from || t.to != change.to) continue;
      if (!change.argument.empty() && t.granule.pa().value != expected) continue;
      ++count;
    }
    explained += count;
    const bool fits = change.number == Number::kAny || (change.number == Number::kOne ? count == 1 : count >= 1);
    findings.expect("I24", fits, "{} succeeded, and {} granules went from {} to {}{}{}", command.name, count,
                    change.from, change.to, change.argument.empty() ? "" : " that are its ", change.argument);
  }
  if (explained == command.effects.transitions.size()) return;
  for (const Transition& t : command.effects.transitions) {
    const bool known = std::any_of(row.granules.begin(), row.granules.end(), [&](const GranuleChange& change) {
      const auto argument = command.args.find(change.argument);
      const std::uint64_t expected = argument ? *argument : outputs.get(change.argument);
      return change.from == t.from && change.to == t.to &&
             (change.argument.empty() || t.granule.pa().value == expected);
    });
    findings.expect("I24", known, "{} succeeded and changed granule {:#x} from {} to {}, which is not its to change",
                    command.name, t.granule.pa().value, t.from, t.to);
  }
}

// The entries that were written lie where the arguments point.
void expect_entries(Findings& findings, const RmiProgress& command, const Values& outputs) {
  const abi::IpaRange& written = command.effects.entries;
  if (written.base == written.top) return;
  bool inside = true;
  if (const auto ipa = command.args.find("ipa"))
    inside = written.base.value <= *ipa && *ipa < written.top.value;
  else if (const auto base = command.args.find("base"))
    inside = *base <= written.base.value && written.top.value <= outputs.get("out_top");
  findings.expect("I24", inside, "{} succeeded and wrote RTT entries of [{:#x}, {:#x}), which it was not asked for",
                  command.name, written.base.value, written.top.value);
}

Kinds allowed_on_failure(const Footprint& row, std::string_view condition) {
  return row.failing_condition.empty() || row.failing_condition == condition ? row.on_failure : 0;
}

}  // namespace

void expect_footprint(Findings& findings, const RmiProgress& command, const Values& outputs, bool succeeded,
                      std::string_view failed_condition) {
  const Footprint& row = footprint_of(command.name);
  const Effects& effects = command.effects;
  if (!succeeded) {
    const Kinds allowed = allowed_on_failure(row, failed_condition);
    for (const Change& change : effects.changes)
      findings.expect("I23", is(change, allowed), "{} failed with {}, yet it changed {} (object {:#x})", command.name,
                      failed_condition, name(change.kind), change.object);
    for (const Transition& t : effects.transitions)
      findings.expect("I23", false, "{} failed with {}, yet granule {:#x} went from {} to {}", command.name,
                      failed_condition, t.granule.pa().value, t.from, t.to);
    if (effects.empty()) findings.expect("I23", true, "");
    return;
  }
  for (const Change& change : effects.changes)
    findings.expect("I24", is(change, row.changes) && names_object(command, change),
                    "{} succeeded and changed {} (object {:#x}), which is not in its footprint", command.name,
                    name(change.kind), change.object);
  expect_granules(findings, command, row, outputs);
  expect_entries(findings, command, outputs);
  if (effects.empty()) findings.expect("I24", true, "");
}

void expect_footprint(Findings& findings, const RunProgress& run, std::string_view call, bool succeeded,
                      std::string_view failed_condition) {
  const Footprint& row = footprint_of(call);
  const Kinds of_call = succeeded ? row.changes : allowed_on_failure(row, failed_condition);
  const Kinds allowed = of_call | kEveryExit | (call.empty() && run.image.token_in_progress ? kTokenMade : 0);
  const std::string_view what = call.empty() ? std::string_view("an exception") : call;
  for (const Change& change : run.effects.changes) {
    const bool own = is(change, kOfRealm) ? change.object == run.image.owner.pa().value
                     : is(change, kOfRec) ? change.object == run.rec.value
                                          : true;
    if (succeeded)
      findings.expect("I24", is(change, allowed) && own,
                      "{} of REC {:#x} changed {} (object {:#x}), which is not in its footprint", what, run.rec.value,
                      name(change.kind), change.object);
    else
      findings.expect("I23", is(change, allowed) && own,
                      "{} of REC {:#x} failed with {}, yet it changed {} (object {:#x})", what, run.rec.value,
                      failed_condition, name(change.kind), change.object);
  }
  for (const Transition& t : run.effects.transitions)
    findings.expect("I24", false, "{} of REC {:#x} changed granule {:#x} from {} to {}", what, run.rec.value,
                    t.granule.pa().value, t.from, t.to);
  if (run.effects.empty()) findings.expect(succeeded ? "I24" : "I23", true, "");
}

}  // namespace rmm::check
