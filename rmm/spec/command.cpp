// SPDX-License-Identifier: GPL-2.0-or-later
#include "rmm/spec/command.h"

#include <fmt/format.h>

#include <cstdlib>
#include <map>

#include "rmm/abi/v1_0/function_ids.h"

namespace rmm::spec {

std::span<const Command> commands() {
  static const std::vector<Command> all = [] {
    std::vector<Command> rows;
    for (auto part : {granule_commands, realm_commands, rec_commands, rec_enter_commands, data_commands, rtt_commands,
                      unprotected_commands, ripas_commands, rmi_information_commands, psci_complete_commands,
                      rsi_commands, psci_commands}) {
      for (const Command& command : part()) rows.push_back(command);
    }
    return rows;
  }();
  return all;
}

const Command* find_command(std::uint32_t fid) {
  static const std::map<std::uint32_t, const Command*> by_fid = [] {
    std::map<std::uint32_t, const Command*> map;
    for (const Command& command : commands()) {
      map[command.fid] = &command;
      if (command.fid32 != 0) map[command.fid32] = &command;
    }
    return map;
  }();
  const auto it = by_fid.find(fid);
  return it == by_fid.end() ? nullptr : it->second;
}

std::uint64_t code_without_level(Report report) {
  using abi::v1_0::PsciStatus;
  using abi::v1_0::RmiReturn;
  using abi::v1_0::RmiStatus;
  using abi::v1_0::RsiStatus;
  switch (report) {
    case Report::kInput: return RmiReturn{RmiStatus::kErrorInput, 0}.raw();
    case Report::kRealm: return RmiReturn{RmiStatus::kErrorRealm, abi::v1_0::kErrorRealmIndexNew}.raw();
    case Report::kRealmOff: return RmiReturn{RmiStatus::kErrorRealm, abi::v1_0::kErrorRealmIndexSystemOff}.raw();
    case Report::kRec: return RmiReturn{RmiStatus::kErrorRec, 0}.raw();
    case Report::kRsiInput: return static_cast<std::uint64_t>(RsiStatus::kErrorInput);
    case Report::kRsiState: return static_cast<std::uint64_t>(RsiStatus::kErrorState);
    case Report::kRsiUnknown: return static_cast<std::uint64_t>(RsiStatus::kErrorUnknown);
    case Report::kPsciInvalid: return static_cast<std::uint64_t>(PsciStatus::kInvalidParameters);
    case Report::kPsciAddress: return static_cast<std::uint64_t>(PsciStatus::kInvalidAddress);
    case Report::kPsciOn: return static_cast<std::uint64_t>(PsciStatus::kAlreadyOn);
    case Report::kRttWalk:
    case Report::kRttLevel: break;
  }
  std::abort();  // a report that the command's context has no level for
}

Outcome result(const Call& call, std::uint64_t x0, std::span<const Register> outputs,
               std::initializer_list<std::uint64_t> values) {
  Outcome outcome;
  outcome.regs = call.regs;
  outcome.regs.x[0] = x0;
  for (std::size_t n = 1; n <= 3; ++n) outcome.regs.x[n] = 0;
  const std::uint64_t* value = values.begin();
  for (const Register& output : outputs) outcome.regs.x.at(output.x) = value == values.end() ? 0 : *value++;
  return outcome;
}

Outcome failure(const Call& call, std::string_view condition, std::uint64_t x0, std::span<const Register> outputs) {
  Outcome outcome = result(call, x0, outputs);
  outcome.condition = condition;
  return outcome;
}

std::vector<Outcome> allowed(const Platform& platform, const State& state, const World& world, const Call& call) {
  const bool of_realm = call.rec.value != 0;
  const Command* command = find_command(call.fid());
  if (command != nullptr && (command->interface != Interface::kRmi) == of_realm) {
    return command->allowed(platform, state, world, call);
  }
  if (of_realm && call.fid() == abi::v1_0::kSmcccVersion) return {result(call, platform.smccc_version)};  // D7
  Outcome unknown = result(call, abi::kSmcNotSupported);
  unknown.condition = "_unknown_fid";
  unknown.compared = 1;  // SMCCC: the caller learns nothing else
  // SMCCC 1.1 demands it of whoever answers SMCCC_VERSION, A4.3.4 refuses it.
  if (of_realm && call.fid() == abi::v1_0::kSmcccArchFeatures) unknown.compared = 0;
  return {unknown};
}

std::string script_line(const Call& call) {
  const Command* command = find_command(call.fid());
  std::string line;
  if (command == nullptr) {
    line = fmt::format("SMC fid=0x{:x}", call.fid());
    for (std::size_t n = 1; n <= 4; ++n) line += fmt::format(" x{}=0x{:x}", n, call.x(n));
  } else {
    line = command->name;
    if (call.fid() == command->fid32) line += "_32";
    for (const Register& input : command->inputs) {
      const std::uint64_t value = call.x(input.x);
      const bool number = input.name == "level" || input.name == "index" || input.name == "size";
      line += number ? fmt::format(" {}={}", input.name, static_cast<std::int64_t>(value))
                     : fmt::format(" {}=0x{:x}", input.name, value);
    }
  }
  if (call.rec.value != 0) line += fmt::format(" rec=0x{:x}", call.rec.value);
  return line;
}

}  // namespace rmm::spec
