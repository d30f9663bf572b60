// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/fuzz/rmi/statistics.h"

#include "rmm/abi/smc.h"
#include "rmm/abi/v1_0/function_ids.h"
#include "rmm/run/realm_call.h"
#include "rmm/v1_0/table.h"

namespace fuzz {
namespace {

std::uint64_t mix(std::uint64_t z) {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

// Names of states differ in their length or their first letter.
std::uint64_t code(std::string_view name) { return name.size() * 256 + static_cast<unsigned char>(name.front()); }

constexpr std::uint64_t kRunning = 0x100'0001;

}  // namespace

Statistics::Statistics() {
  const auto add_row = [this](const rmm::call::Command& row) {
    CommandCount& at = commands_[row.name];
    for (const rmm::call::Condition& condition : row.conditions) at.conditions.emplace_back(condition.id, 0);
  };
  for (const rmm::v1_0::Row* row : rmm::v1_0::rmi_rows()) add_row(*row->command);
  for (const rmm::run::Service& service : rmm::run::services()) add_row(*service.row);
}

CommandCount& Statistics::count(std::string_view name, const void* key) {
  for (const auto& [known, at] : by_name_)
    if (known == key) return *at;
  CommandCount& at = commands_[name];
  by_name_.emplace_back(key, &at);
  return at;
}

void Statistics::add(const rmm::port::CommandEnd& event) {
  CommandCount& at = count(event.name, event.name.data());
  ++at.calls;
  if (event.failed_condition.empty()) {
    if (event.x0 != abi::kSmcNotSupported) ++at.successes;
    return;
  }
  for (auto& [id, hits] : at.conditions) {
    if (id.data() != event.failed_condition.data() && id != event.failed_condition) continue;
    ++hits;
    return;
  }
  at.conditions.emplace_back(event.failed_condition, 1);
}

void Statistics::merge(const Statistics& other) {
  for (const auto& [name, from] : other.commands_) {
    CommandCount& at = commands_[name];
    at.calls += from.calls;
    at.successes += from.successes;
    for (const auto& [id, hits] : from.conditions) {
      bool found = false;
      for (auto& [mine, count] : at.conditions)
        if (mine == id) count += hits, found = true;
      if (!found) at.conditions.emplace_back(id, hits);
    }
  }
  for (const auto& [reason, hits] : other.exits_) exits_[reason] += hits;
  states_.merge(other.states_);
}

void Counter::toggle(std::uint64_t object, std::uint64_t what) { state_ ^= mix(object * 0x9e3779b97f4a7c15ULL + what); }

// A call that ends no more: its realm, or its REC, is off.
void Counter::command_begin(const rmm::port::CommandBegin& event) {
  if (event.interface != rmm::port::Interface::kPsci) return;
  const bool never_ends = event.fid == abi::v1_0::kPsciCpuOff || event.fid == abi::v1_0::kPsciSystemOff ||
                          event.fid == abi::v1_0::kPsciSystemReset;
  if (!never_ends) return;
  rmm::port::CommandEnd end;
  end.interface = event.interface;
  end.name = event.name;
  command_end(end);
}

void Counter::command_end(const rmm::port::CommandEnd& event) {
  ++commands_;
  statistics_.add(event);
  statistics_.add_state(mix(state_));
}

void Counter::granule_transition(const rmm::port::GranuleTransition& event) {
  toggle(event.granule.frame(), code(event.from));
  toggle(event.granule.frame(), code(event.to));
}

void Counter::rtt_write(const rmm::port::RttWrite& event) {
  toggle(event.entry.value, event.before);
  toggle(event.entry.value, event.after);
}

void Counter::realm_state(abi::Pa rd, std::string_view from, std::string_view to) {
  toggle(rd.value, code(from));
  toggle(rd.value, code(to));
}

void Counter::rec_enter(const rmm::port::RecEntry& event) { toggle(event.rec.value, kRunning); }

void Counter::rec_exit(const rmm::port::RecExitEvent& event) {
  toggle(event.rec.value, kRunning);
  statistics_.add_exit(event.reason);
}

}  // namespace fuzz
