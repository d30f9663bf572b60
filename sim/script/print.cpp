// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/script/print.h"

#include <type_traits>

#include <fmt/format.h>

#include "rmm/abi/layout.h"
#include "rmm/check/abstraction.h"
#include "rmm/spec/command.h"
#include "rmm/spec/judge.h"

namespace sim::script {
namespace {

template <class Struct>
std::string structure(std::string_view name, std::string_view where, std::uint64_t at, const Struct& value) {
  std::string line = fmt::format("{} {}={:#x}", name, where, at);
  abi::for_each_field(value, [&](std::string_view field, std::size_t, const auto& member) {
    if constexpr (std::is_integral_v<std::remove_cvref_t<decltype(member)>>) {
      if (member != 0) line += fmt::format(" {}={:#x}", field, static_cast<std::uint64_t>(member));
    } else {
      for (std::size_t i = 0; i < member.size(); ++i)
        if (member[i] != 0) line += fmt::format(" {}[{}]={:#x}", field, i, member[i]);
    }
  });
  return line;
}

struct Text {
  std::string operator()(const bare::HostWrite& write) const {
    const std::uint64_t at = write.at.value;
    if (const auto* page = std::get_if<abi::v1_0::RealmParams>(&write.page))
      return structure("RmiRealmParams", "at", at, *page);
    if (const auto* page = std::get_if<abi::v1_0::RecParams>(&write.page))
      return structure("RmiRecParams", "at", at, *page);
    if (const auto* page = std::get_if<abi::v1_0::RecEnter>(&write.page))
      return structure("RmiRecEnter", "at", at, *page);
    const auto* fill = std::get_if<bare::Fill>(&write.page);
    return fmt::format("fill at={:#x} byte={:#x}", at, fill == nullptr ? 0 : unsigned{fill->byte});
  }
  std::string operator()(const bare::HostCall& call) const {
    const rmm::spec::Command* command = rmm::spec::find_command(call.regs.fid());
    if (command == nullptr || command->interface != rmm::spec::Interface::kRmi || call.regs.x[0] != command->fid)
      return raw(call.regs.x, 18, "");
    std::string line(command->name);
    for (const auto& input : command->inputs) line += fmt::format(" {}={:#x}", input.name, call.regs.x.at(input.x));
    return line;
  }
  std::string operator()(const bare::RealmCall& call) const {
    const auto fid = static_cast<std::uint32_t>(call.x[0]);
    const rmm::spec::Command* command = rmm::spec::find_command(fid);
    std::size_t inputs = 0;
    if (command != nullptr)
      for (const auto& input : command->inputs) inputs = std::max(inputs, input.x);
    // `rec=0` says that it is the realm's; the PE says which.
    if (command == nullptr || command->interface == rmm::spec::Interface::kRmi || call.x[0] != fid ||
        call.count != inputs + 1)
      return raw(call.x, call.count, " rec=0");
    std::string line(command->name);
    if (fid == command->fid32) line += "_32";
    for (const auto& input : command->inputs) line += fmt::format(" {}={:#x}", input.name, call.x.at(input.x));
    return line;
  }
  std::string operator()(const bare::RealmAccess& access) const {
    if (access.way == bare::Way::kFetch) return fmt::format("fetch ipa={:#x}", access.ipa.value);
    return fmt::format("{} ipa={:#x} size={} reg={}{}{}", access.way == bare::Way::kLoad ? "load" : "store",
                       access.ipa.value, access.size, access.reg, access.sign_extends ? " sign=1" : "",
                       access.described ? "" : " isv=0");
  }
  std::string operator()(const bare::RealmException& act) const {
    const std::string line = rmm::spec::script_line(act.exception, {});
    return line.substr(0, line.rfind(" rec="));  // the PE says whose it is
  }
  std::string operator()(const bare::RealmRegister& act) const {
    return fmt::format("register key={:#x} value={:#x}", static_cast<std::uint32_t>(act.reg), act.value);
  }
  std::string operator()(const bare::RealmData& act) const {
    return structure("RsiHostCall", "ipa", act.ipa.value, act.data);
  }
  std::string operator()(const bare::SetPas& act) const {
    const std::string_view to = act.pas == abi::Pas::kSecure ? "secure"
                                : act.pas == abi::Pas::kRoot ? "root"
                                                             : "nonsecure";
    return fmt::format("pas at={:#x} to={}", act.at.value, to);
  }
  std::string operator()(const bare::SetPending& act) const {
    return fmt::format("pending irq={} fiq={} misr={:#x}", act.irq ? 1 : 0, act.fiq ? 1 : 0, act.misr);
  }
  std::string operator()(const bare::SetFirmware& act) const {
    return fmt::format("firmware attests={}", act.attests ? 1 : 0);
  }

  static std::string raw(const std::array<std::uint64_t, 18>& x, std::size_t count, std::string_view rest) {
    std::string line = fmt::format("SMC fid={:#x}", x[0]);
    for (std::size_t n = 1; n < count; ++n) line += fmt::format(" x{}={:#x}", n, x.at(n));
    return line + std::string(rest);
  }
};

std::string line_of(const bare::Move& move) {
  return fmt::format("pe={} {}", unsigned{move.pe}, std::visit(Text{}, move.act));
}

}  // namespace

std::string line_of(const bare::Settings& settings) {
  bare::Gpt gpt(settings.banks);
  return rmm::spec::script_machine(rmm::check::model_platform(gpt, settings.limits));
}

std::vector<std::string> lines_of(const bare::Turn& turn) {
  if (const auto* move = std::get_if<bare::Move>(&turn)) return {line_of(*move)};
  const auto& both = std::get<bare::Together>(turn);
  std::string first = fmt::format("together first={}", both.schedule.first);
  if (both.schedule.preemptions[0] != bare::Schedule::kNever) {
    first += fmt::format(" preempt={}", both.schedule.preemptions[0]);
    if (both.schedule.preemptions[1] != bare::Schedule::kNever)
      first += fmt::format(",{}", both.schedule.preemptions[1]);
  }
  return {first, line_of(both.moves[0]), line_of(both.moves[1])};
}

}  // namespace sim::script
