// SPDX-License-Identifier: GPL-2.0-or-later
// README.md's table of promises names cases that exist, in the files where it says they are.
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace {

std::vector<std::string> split(const std::string& text, char at) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, at);) {
    const auto first = part.find_first_not_of(" `"), last = part.find_last_not_of(" `");
    if (first != std::string::npos) parts.push_back(part.substr(first, last - first + 1));
  }
  return parts;
}

std::string contents(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

}  // namespace

TEST_CASE("the table of promises names cases that exist") {
  std::istringstream readme(contents("tests/host_kvm/README.md"));
  std::string line;
  while (std::getline(readme, line) && line != "|---|---|---|") continue;
  unsigned rows = 0;
  for (; std::getline(readme, line) && line.starts_with("|"); ++rows) {
    INFO(line);
    const auto cells = split(line, '|');
    REQUIRE(cells.size() == 3);
    if (cells[1].starts_with("tests/")) continue;  // other folders' tests
    std::string sources;
    for (const auto& file : split(cells[1], ',')) {
      const std::string source = contents("tests/host_kvm/" + file + "_test.cpp");
      CHECK_FALSE(source.empty());
      sources += source;
    }
    if (cells[2] == "all") continue;
    for (const auto& name : split(cells[2], ';')) {
      INFO(name);
      CHECK(sources.find("TEST_CASE(\"" + name) != std::string::npos);
    }
  }
  CHECK(rows > 20);
}
