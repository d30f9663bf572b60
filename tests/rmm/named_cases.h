// SPDX-License-Identifier: GPL-2.0-or-later
// Lists that tests must cover, and the test cases of this program that name their items: "A4.1: ..." names the item
// "A4.1", and so does a tag [A4.1].
#pragma once

#include <algorithm>
#include <catch2/catch_test_case_info.hpp>
#include <catch2/interfaces/catch_interfaces_registry_hub.hpp>
#include <catch2/interfaces/catch_interfaces_testcase.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace named {

struct Case {
  std::string name;
  std::vector<std::string> tags;

  bool has_tag(std::string_view tag) const { return std::find(tags.begin(), tags.end(), tag) != tags.end(); }
  bool names(std::string_view item) const {
    return has_tag(item) || (std::string_view(name).starts_with(item) && name.size() > item.size() + 2 &&
                             std::string_view(name).substr(item.size(), 2) == ": ");
  }
};

// Every test case of the program that runs.
inline std::vector<Case> cases() {
  std::vector<Case> all;
  for (const Catch::TestCaseHandle& test : Catch::getRegistryHub().getTestCaseRegistry().getAllTests()) {
    const Catch::TestCaseInfo& info = test.getTestCaseInfo();
    Case one{.name = info.name, .tags = {}};
    for (const Catch::Tag& tag : info.tags)
      one.tags.emplace_back(static_cast<std::string>(static_cast<Catch::StringRef>(tag.original)));
    all.push_back(std::move(one));
  }
  return all;
}

// Items that no case names.
template <class Items>
std::vector<std::string> without_case(const Items& items) {
  const std::vector<Case> all = cases();
  std::vector<std::string> missing;
  for (const std::string_view item : items)
    if (std::none_of(all.begin(), all.end(), [&](const Case& c) { return c.names(item); })) missing.emplace_back(item);
  return missing;
}

}  // namespace named
