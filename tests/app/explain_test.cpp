// SPDX-License-Identifier: GPL-2.0-or-later
#include <fstream>
#include <set>

#include <fmt/format.h>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <nlohmann/json.hpp>

#include "rmm/abi/v1_0/structures.h"
#include "rmm/check/rules.h"
#include "rmm/run/exit_forms.h"
#include "sim/app/explain.h"
#include "sim/app/races.h"
#include "tests/rmm/condition_ids.h"

using namespace sim::app;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::StartsWith;
using nlohmann::json;

namespace {

std::string explained(const std::vector<std::string>& words) {
  const auto text = explain(words);
  if (!text) FAIL("refused: " << text.error().message);
  return *text;
}

std::string refused(const std::vector<std::string>& words) {
  const auto text = explain(words);
  return text ? "accepted" : text.error().message;
}

std::set<std::string> words_of(std::string_view list) {
  std::set<std::string> out;
  rmm::call::for_each_id(list, [&](std::string_view word) { out.emplace(word); });
  return out;
}

}  // namespace

TEST_CASE("explain knows every command of the tables: registers, conditions with meaning and status, effect") {
  std::size_t commands = 0;
  for (const auto* command : explained_commands()) {
    const std::string text = explained({std::string(command->name)});
    INFO(text);
    CHECK_THAT(text, StartsWith(std::string(command->name) + "\n"));
    CHECK_THAT(text, ContainsSubstring(std::string(command->effect)));
    for (const auto& p : command->in) CHECK_THAT(text, ContainsSubstring(fmt::format("X{} = {}", p.reg, p.name)));
    for (const auto& p : command->out) CHECK_THAT(text, ContainsSubstring(fmt::format("X{} = {}", p.reg, p.name)));
    std::size_t at = 0;
    for (const auto& c : command->conditions) {
      const std::size_t found = text.find("\n  " + std::string(c.id) + " ", at);
      REQUIRE(found != std::string::npos);  // in the row's order
      at = found + 1;
      const std::string line = text.substr(at, text.find('\n', at) - at);
      CHECK_THAT(line, ContainsSubstring(std::string(c.meaning)));
      CHECK_THAT(line, ContainsSubstring(std::string(rmm::call::status_name(command->interface, c.status))));
    }
    ++commands;
  }
  CHECK(commands == 41 + 3);  // the pages' 41, two of SMCCC, and the answer to unknown ids
}

TEST_CASE("explain --json lists exactly the condition ids of the pages, and those of our own") {
  const json all = json::parse(explained({"--json"}));
  CHECK(all["schema"] == 1);
  std::map<std::string, std::size_t> counts;
  std::multiset<std::string> own;
  std::set<std::string> seen;
  for (const json& command : all["commands"]) {
    const std::string name = command["name"];
    std::set<std::string> ids;
    for (const json& condition : command["conditions"]) {
      const std::string id = condition["id"];
      CHECK_FALSE(condition["status"].get<std::string>().empty());
      CHECK_FALSE(condition["meaning"].get<std::string>().empty());
      if (id.front() == '_')
        own.insert(name + " " + id);
      else
        CHECK(ids.insert(id).second);
    }
    INFO(name);
    const auto page = pages::kConditionIds.find(name);
    CHECK(ids == (page == pages::kConditionIds.end() ? std::set<std::string>{} : words_of(page->second)));
    counts[command["interface"]] += ids.size();
    if (page != pages::kConditionIds.end()) seen.insert(name);
  }
  CHECK(seen.size() == 41);
  CHECK(seen.size() == pages::kConditionIds.size());
  CHECK(counts["RMI"] == 187);
  CHECK(counts["RSI"] == 23);
  CHECK(counts["PSCI"] == 5);
  CHECK(own == std::multiset<std::string>{"RMI_VERSION _version_lower", "RMI_VERSION _version_higher",
                                          "RMI_REC_ENTER _enter_fault", "RMI_REC_ENTER _exit_fault",
                                          "unknown _unknown_fid", "RSI_VERSION _version_lower",
                                          "RSI_VERSION _version_higher", "RSI_ATTESTATION_TOKEN_CONTINUE _addr_empty",
                                          "RSI_REALM_CONFIG _addr_empty", "RSI_HOST_CALL _addr_empty"});
}

TEST_CASE("explain --json has exits, races, and the mandated orders as pairs of lists") {
  const json all = json::parse(explained({"--json"}));
  CHECK(all["races"].size() == 73);
  CHECK(all["races"][14]["id"] == "R15");
  CHECK(all["exits"].size() == rmm::run::exit_forms().size());
  std::size_t pairs = 0;
  for (const json& command : all["commands"])
    for (const json& before : command["before"]) pairs += before["first"].size() * before["then"].size();
  CHECK(pairs == 135);
}

TEST_CASE("explain finds a command by any case, without its interface, and by function id") {
  const std::string text = explained({"RMI_RTT_CREATE"});
  CHECK(explained({"rmi_rtt_create"}) == text);
  CHECK(explained({"RTT_CREATE"}) == text);
  CHECK(explained({"0xC400015D"}) == text);
  CHECK_THAT(text, ContainsSubstring("rd_bound, rd_state  before  rtt_walk, rtte_state"));
  const std::string versions = explained({"VERSION"});
  for (const char* name : {"RMI_VERSION", "RSI_VERSION", "PSCI_VERSION", "SMCCC_VERSION"})
    CHECK_THAT(versions, ContainsSubstring(std::string(name) + "\n"));
  CHECK_THAT(explained({"0x84000003"}), StartsWith("PSCI_CPU_ON\n"));
}

TEST_CASE("explain of a condition names every command that has it, with its order there") {
  const std::string text = explained({"rtte_state"});
  for (const auto& [command, ids] : pages::kConditionIds) {
    INFO(command);
    CHECK((text.find(command + ": RMI_ERROR_RTT (4)") != std::string::npos) == words_of(ids).contains("rtte_state"));
  }
  CHECK_THAT(text, ContainsSubstring("reported after rd_bound, rd_state, ipa_bound"));
  CHECK_THAT(explained({"ipa_bound"}), ContainsSubstring("reported before rtt_walk, rtte_state"));
  CHECK_THAT(explained({"_unknown_fid"}), ContainsSubstring("SMC_NOT_SUPPORTED (-1)"));
  CHECK_THAT(explained({"entry"}), ContainsSubstring("PSCI_INVALID_ADDRESS (-9)"));
}

TEST_CASE("explain EXIT says what the host sees, in fields that the exit structure has") {
  const std::string text = explained({"EXIT", "RIPAS_CHANGE"});
  for (const char* word : {"RIPAS_CHANGE (4)", "ripas_base", "ripas_top", "ripas_value", "RMI_RTT_SET_RIPAS", "A4.3.8",
                           "cntv_ctl", "Every other field is zero"})
    CHECK_THAT(text, ContainsSubstring(word));
  CHECK(explained({"exit", "ripas_change"}) == text);
  CHECK_THAT(explained({"EXIT", "SYNC"}), ContainsSubstring("not emulatable"));

  std::set<std::string> fields;
  abi::for_each_field(abi::v1_0::RecExit{},
                      [&](std::string_view name, std::size_t, const auto&) { fields.emplace(name); });
  const auto check = [&](const rmm::run::ExitField& f) {
    INFO(f.name);
    CHECK(fields.contains(std::string(f.name.substr(0, f.name.find('[')))));
  };
  std::set<int> reasons;
  for (const auto& form : rmm::run::exit_forms()) {
    reasons.insert(static_cast<int>(form.reason));
    for (const auto& f : form.fields) check(f);
    CHECK_THAT(explained({"EXIT"}), ContainsSubstring(std::string(rmm::run::exit_name(form.reason))));
  }
  for (const auto& f : rmm::run::fields_of_every_exit()) check(f);
  CHECK(reasons == std::set<int>{0, 1, 2, 3, 4, 5, 6});
}

TEST_CASE("explain knows the races R1 to R73") {
  REQUIRE(races().size() == 73);
  std::set<std::string_view> titles;
  for (std::size_t n = 1; n <= races().size(); ++n) {
    const std::string text = explained({"R" + std::to_string(n)});
    CHECK_THAT(text, StartsWith("R" + std::to_string(n) + ": "));
    CHECK_FALSE(races()[n - 1].happens.empty());
    CHECK_FALSE(races()[n - 1].right.empty());
    titles.insert(races()[n - 1].title);
  }
  CHECK(titles.size() == 73);
  CHECK_THAT(explained({"r15"}), ContainsSubstring("Rejecting a RIPAS change"));
}

TEST_CASE("explain knows the invariants I1 to I28: what holds, when it is checked, where it comes from") {
  REQUIRE(rmm::check::rules().size() == 28);
  const json all = json::parse(explained({"--json"}));
  REQUIRE(all["invariants"].size() == 28);
  for (std::size_t n = 1; n <= 28; ++n) {
    const std::string id = "I" + std::to_string(n);
    const rmm::check::Rule& rule = rmm::check::rules()[n - 1];
    CHECK(rule.id == id);
    CHECK_FALSE(rule.holds.empty());
    CHECK_FALSE(rule.section.empty());
    const std::string text = explained({id});
    CHECK_THAT(text, StartsWith(id + ": "));
    CHECK_THAT(text, ContainsSubstring(std::string(rule.holds)));
    CHECK_THAT(text, ContainsSubstring(std::string(rule.section)));
    CHECK_THAT(text, ContainsSubstring(rule.checked.empty() ? "Checked: by tests" : std::string(rule.checked)));
    CHECK_THAT(text, ContainsSubstring("docs/invariants.md"));
    CHECK(all["invariants"][n - 1]["id"] == id);
    CHECK(all["invariants"][n - 1]["holds"] == rule.holds);
  }
  CHECK(explained({"i13"}) == explained({"I13"}));
  CHECK_THAT(refused({"I29"}), ContainsSubstring("nothing is known about 'I29'"));
  CHECK_THAT(refused({"I0"}), ContainsSubstring("nothing is known"));
}

TEST_CASE("docs/invariants.md says of each invariant what explain says, and which ones --check evaluates") {
  std::ifstream file("docs/invariants.md");
  REQUIRE(file);
  std::size_t rows = 0;
  for (std::string line; std::getline(file, line);) {
    // | I1 | check | The rule. |
    const std::size_t first = line.find(" |"), second = first == std::string::npos ? first : line.find("| ", first + 2);
    if (!line.starts_with("| I") || line.starts_with("| Id ") || second == std::string::npos || !line.ends_with(" |"))
      continue;
    ++rows;
    INFO(line);
    const rmm::check::Rule* rule = rmm::check::find_rule(line.substr(2, first - 2));
    REQUIRE(rule != nullptr);
    CHECK(line.substr(second + 2, line.size() - second - 4) == rule->holds);
    CHECK((line.substr(first, second - first).find("check") != std::string::npos) == !rule->checked.empty());
  }
  CHECK(rows == rmm::check::rules().size());
}

TEST_CASE("explain --list names every command, exit, invariant and race") {
  const std::string text = explained({"--list"});
  for (const auto* command : explained_commands()) CHECK_THAT(text, ContainsSubstring(std::string(command->name)));
  for (const Race& race : races()) CHECK_THAT(text, ContainsSubstring(std::string(race.title)));
  for (const rmm::check::Rule& rule : rmm::check::rules()) CHECK_THAT(text, ContainsSubstring(std::string(rule.holds)));
  CHECK_THAT(text, ContainsSubstring("RIPAS_CHANGE"));
}

TEST_CASE("explain suggests the nearest word it knows, or where to look") {
  CHECK_THAT(refused({"RMI_RTT_CRAETE"}), ContainsSubstring("did you mean 'RMI_RTT_CREATE'?"));
  CHECK_THAT(refused({"rtt_wlak"}), ContainsSubstring("did you mean 'rtt_walk'?"));
  CHECK_THAT(refused({"exit", "ripas_chnage"}), ContainsSubstring("did you mean 'RIPAS_CHANGE'?"));
  CHECK_THAT(refused({"quite something else"}), ContainsSubstring("'ccasim explain --list'"));
  CHECK_THAT(refused({"R74"}), ContainsSubstring("nothing is known about 'R74'"));
  CHECK_THAT(refused({"R0"}), ContainsSubstring("nothing is known"));
  CHECK_THAT(refused({"0xC4000156"}), ContainsSubstring("nothing is known"));
  CHECK_THAT(refused({"--jsn"}), ContainsSubstring("did you mean '--json'?"));
  CHECK_THAT(refused({}), ContainsSubstring("explain what?"));
  CHECK_THAT(refused({"R1", "R2"}), ContainsSubstring("one word"));
  CHECK_THAT(refused({"EXIT", "IRQ", "FIQ"}), ContainsSubstring("one exit"));
}
