// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "rmm/check/rules.h"
#include "rmm/run/exit_forms.h"
#include "sim/app/explain.h"
#include "sim/app/races.h"

namespace sim::app {
namespace {

using Json = nlohmann::ordered_json;
namespace call = rmm::call;
namespace run = rmm::run;

std::string_view interface_name(rmm::port::Interface interface) {
  switch (interface) {
    case rmm::port::Interface::kRmi: return "RMI";
    case rmm::port::Interface::kRsi: return "RSI";
    case rmm::port::Interface::kPsci: return "PSCI";
  }
  return "unknown";
}

Json to_json(std::span<const call::Parameter> list) {
  Json out = Json::array();
  for (const call::Parameter& p : list) out.push_back({{"name", p.name}, {"register", fmt::format("X{}", p.reg)}});
  return out;
}

Json ids(std::string_view list) {
  Json out = Json::array();
  call::for_each_id(list, [&](std::string_view id) { out.push_back(id); });
  return out;
}

Json to_json(const call::Command& command) {
  Json conditions = Json::array();
  for (const call::Condition& c : command.conditions)
    conditions.push_back({{"id", c.id},
                          {"status", call::status_name(command.interface, c.status)},
                          {"code", static_cast<std::int64_t>(c.status)},
                          {"meaning", c.meaning},
                          {"looks_at", ids(c.operands)}});
  Json before = Json::array();
  for (const call::Before& b : command.before) before.push_back({{"first", ids(b.first)}, {"then", ids(b.then)}});
  Json out{{"name", command.name},
           {"interface", interface_name(command.interface)},
           {"function_id", fmt::format("0x{:08X}", command.fid)}};
  if (command.fid32 != 0) out["function_id_32"] = fmt::format("0x{:08X}", command.fid32);
  out["in"] = to_json(command.in);
  out["out"] = to_json(command.out);
  out["conditions"] = std::move(conditions);
  out["before"] = std::move(before);
  out["effect"] = command.effect;
  return out;
}

Json to_json(std::span<const run::ExitField> fields) {
  Json out = Json::array();
  for (const run::ExitField& f : fields) out.push_back({{"name", f.name}, {"meaning", f.meaning}});
  return out;
}

Json to_json(const run::ExitForm& form) {
  return {{"reason", run::exit_name(form.reason)},
          {"code", static_cast<int>(form.reason)},
          {"form", form.form},
          {"section", form.section},
          {"meaning", form.meaning},
          {"fields", to_json(form.fields)},
          {"next", form.next}};
}

}  // namespace

std::string explain_json() {
  Json commands = Json::array(), exits = Json::array(), invariants = Json::array(), races_json = Json::array();
  for (const call::Command* command : explained_commands()) commands.push_back(to_json(*command));
  for (const run::ExitForm& form : run::exit_forms()) exits.push_back(to_json(form));
  for (const rmm::check::Rule& rule : rmm::check::rules())
    invariants.push_back(
        {{"id", rule.id}, {"holds", rule.holds}, {"section", rule.section}, {"checked", rule.checked}});
  unsigned number = 0;
  for (const Race& race : races())
    races_json.push_back({{"id", fmt::format("R{}", ++number)},
                          {"title", race.title},
                          {"happens", race.happens},
                          {"right", race.right}});
  const Json all{{"schema", 1},
                 {"specification", "DEN0137 1.0-rel0"},
                 {"commands", std::move(commands)},
                 {"exits", std::move(exits)},
                 {"fields_of_every_exit", to_json(run::fields_of_every_exit())},
                 {"invariants", std::move(invariants)},
                 {"races", std::move(races_json)}};
  return all.dump(2) + "\n";
}

}  // namespace sim::app
