// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/script/results.h"

#include <type_traits>

#include <fmt/format.h>

#include "rmm/abi/layout.h"
#include "sim/trace/operand_text.h"

namespace sim::script {

void Results::command_end(const rmm::port::CommandEnd& event) {
  Ended out{event.interface,
            std::string(event.name),
            std::string(event.status),
            std::string(event.failed_condition),
            std::string(event.meaning),
            event.x0,
            {},
            {}};
  for (const auto& value : event.values) out.values.emplace_back(value.name, trace::text(value));
  for (const auto& output : event.outputs) out.outputs.emplace_back(output.name, output.value);
  ended.push_back(std::move(out));
}

std::string Results::text(const Ended& ended) {
  std::string out = ended.status;
  constexpr unsigned kIndexShift = 8;  // B4.4.1
  if (ended.interface == rmm::port::Interface::kRmi && ended.x0 >> kIndexShift != 0 && ended.x0 <= 0xffff)
    out += fmt::format(" index={}", ended.x0 >> kIndexShift);
  if (ended.condition.empty()) {
    for (const auto& [name, value] : ended.outputs) out += fmt::format(" {}={:#x}", name, value);
    return out;
  }
  out += fmt::format("  {}: {}", ended.condition, ended.meaning);
  std::string_view separator = "  (";
  for (const auto& [name, value] : ended.values) {
    out += fmt::format("{}{} = {}", separator, name, value);
    separator = ", ";
  }
  return ended.values.empty() ? out : out + ")";
}

std::string Results::text(const Left& left) {
  std::string out = left.reason;
  abi::for_each_field(left.exit, [&](std::string_view name, std::size_t, const auto& member) {
    if (name == "exit_reason") return;
    if constexpr (std::is_integral_v<std::remove_cvref_t<decltype(member)>>) {
      if (member != 0) out += fmt::format(" {}={:#x}", name, member);
    } else {
      for (std::size_t i = 0; i < member.size(); ++i)
        if (member[i] != 0) out += fmt::format(" {}[{}]={:#x}", name, i, member[i]);
    }
  });
  return out;
}

}  // namespace sim::script
