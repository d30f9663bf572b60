// SPDX-License-Identifier: GPL-2.0-or-later
// No invariant without a test that breaks it.
#include <algorithm>
#include <set>
#include <string>

#include <catch2/catch_test_case_info.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/interfaces/catch_interfaces_registry_hub.hpp>
#include <catch2/interfaces/catch_interfaces_testcase.hpp>

#include "rmm/check/rules.h"

namespace {

// The ids with which names of test cases tagged [broken] begin: "I6: a wrong count is found".
std::set<std::string> broken_ids() {
  std::set<std::string> ids;
  for (const auto* test : Catch::getRegistryHub().getTestCaseRegistry().getAllInfos())
    if (std::any_of(test->tags.begin(), test->tags.end(),
                    [](const Catch::Tag& tag) { return tag.original == "broken"; }))
      ids.insert(test->name.substr(0, test->name.find(':')));
  return ids;
}

}  // namespace

TEST_CASE("every invariant that --check evaluates is broken on purpose by a test that bears its id") {
  const std::set<std::string> ids = broken_ids();
  for (const std::string& id : ids) {
    INFO("a test tagged [broken] is named after " << id);
    CHECK(rmm::check::find_rule(id) != nullptr);
  }
  std::size_t evaluated = 0;
  for (const rmm::check::Rule& rule : rmm::check::rules()) {
    if (rule.checked.empty() || rule.option != "--check") continue;  // others: tests/app
    ++evaluated;
    INFO("no test breaks " << rule.id << ": " << rule.holds);
    // TLBs belong to the machine: tests/app/broken_monitor_test.cpp.
    CHECK(ids.contains(std::string(rule.id)) == (rule.id != "I13"));
  }
  CHECK(evaluated == 26);
}
