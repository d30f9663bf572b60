// SPDX-License-Identifier: GPL-2.0-or-later
#include "rmm/check/circumstances.h"

#include <iterator>

#include <fmt/format.h>

namespace rmm::check {

void Circumstances::begin(port::ActorId actor, const port::CommandBegin& event) {
  std::vector<Call>& calls = calls_[actor.value];
  // A realm's call that ends at a later entry is no part of this command of the host.
  if (event.interface == port::Interface::kRmi) calls.clear();
  calls.push_back(
      {.name = event.name, .pe = event.pe, .rec = event.rec, .args = {event.args.begin(), event.args.end()}});
}

void Circumstances::end(port::ActorId actor, const port::CommandEnd& event) {
  std::vector<Call>& calls = calls_[actor.value];
  while (!calls.empty()) {
    const bool found = calls.back().name == event.name;
    if (!found && calls.size() == 1) return;  // a realm's call that an earlier entry began
    calls.pop_back();
    if (found) return;
  }
}

std::string Circumstances::of(port::ActorId actor) const {
  std::string out;
  const auto it = calls_.find(actor.value);
  if (it == calls_.end() || it->second.empty()) return out;
  const std::vector<Call>& calls = it->second;
  for (auto call = calls.rbegin(); call != calls.rend(); ++call) {
    fmt::format_to(std::back_inserter(out), "{}{}(", out.empty() ? "" : " in ", call->name);
    std::string_view comma;
    for (const port::ArgumentValue& arg : call->args) {
      fmt::format_to(std::back_inserter(out), "{}{} {:#x}", comma, arg.name, arg.value);
      comma = ", ";
    }
    out += ')';
    if (call->rec != 0) fmt::format_to(std::back_inserter(out), " of REC {:#x}", call->rec);
  }
  fmt::format_to(std::back_inserter(out), " on PE {}", calls.front().pe.value);
  return out;
}

}  // namespace rmm::check
