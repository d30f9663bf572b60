// SPDX-License-Identifier: GPL-2.0-or-later
// A monitor that aborts or hangs takes its process with it: a child process runs it, and what it did is known all the
// same.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tests/fuzz/rmi/session.h"

namespace fuzz {

// Runs `body` in a child process. Its lines; if the child died or took longer, one line that says so, with the last
// thing that it said on standard error.
std::vector<std::string> isolated(const std::function<std::vector<std::string>()>& body, unsigned seconds);

// record() and replay() in a child.
std::vector<std::string> isolated_record(const Trial& trial, std::uint64_t seed, std::uint64_t episode, Recording& out);
std::vector<std::string> isolated_replay(const Trial& trial, const Recording& recording);

}  // namespace fuzz
