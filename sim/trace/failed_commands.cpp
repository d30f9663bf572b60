// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/trace/failed_commands.h"

#include <iterator>

#include <fmt/format.h>

#include "sim/trace/operand_text.h"

namespace sim::trace {
namespace {

constexpr unsigned kIndexShift = 8;  // B4.4.1: the index is in bits 15:8 of the return word

}  // namespace

FailedCommands::Caller FailedCommands::caller(rmm::port::Interface interface, rmm::port::PeId pe, std::uint64_t rec) {
  const bool from_host = interface == rmm::port::Interface::kRmi;
  return {interface, from_host ? pe.value : rec};
}

void FailedCommands::command_begin(const rmm::port::CommandBegin& event) {
  arguments_[caller(event.interface, event.pe, event.rec)].assign(event.args.begin(), event.args.end());
}

void FailedCommands::command_end(const rmm::port::CommandEnd& event) {
  if (event.failed_condition.empty()) return;
  say_(failure_text(event, arguments_[caller(event.interface, event.pe, event.rec)]));
}

std::string failure_text(const rmm::port::CommandEnd& event, const std::vector<rmm::port::ArgumentValue>& arguments) {
  std::string out(event.name);
  for (const auto& a : arguments) fmt::format_to(std::back_inserter(out), " {}={:#x}", a.name, a.value);
  fmt::format_to(std::back_inserter(out), " -> {}", event.status);
  // Where a walk stopped, or which realm state it was: the two statuses whose index means something.
  if (event.status == "RMI_ERROR_RTT" || event.failed_condition == "realm_new" ||
      event.failed_condition == "system_off")
    fmt::format_to(std::back_inserter(out), "({})", event.x0 >> kIndexShift);
  fmt::format_to(std::back_inserter(out), " {}: {}", event.failed_condition, event.meaning);
  std::string_view separator = "; ";
  for (const auto& value : event.values) {
    fmt::format_to(std::back_inserter(out), "{}{} = {}", separator, value.name, text(value));
    separator = ", ";
  }
  return out;
}

}  // namespace sim::trace
