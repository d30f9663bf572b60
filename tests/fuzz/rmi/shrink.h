// SPDX-License-Identifier: GPL-2.0-or-later
// Makes what leads to a finding as short and as plain as it can be.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tests/fuzz/rmi/session.h"

namespace fuzz {

struct Shrunk {
  Recording recording;
  std::vector<std::string> lines;  // what it still finds
  std::size_t tries = 0;
};

// What a finding is about, without the numbers in it: two recordings with the same are said to find the same.
std::string essence(const std::vector<std::string>& lines);

// `judge` runs a recording and returns what is found, as isolated_replay() does.
Shrunk shrink(const Recording& recording, const std::function<std::vector<std::string>(const Recording&)>& judge);

// The script that does it again, with the finding as a comment.
std::string script_of(const Shrunk& shrunk, Judged judge, std::uint64_t seed, std::uint64_t episode);

}  // namespace fuzz
