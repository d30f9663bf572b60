// SPDX-License-Identifier: GPL-2.0-or-later
// Files that a run writes: refused before the run if they cannot be written, whole or not at all after it.
#pragma once

#include <string>
#include <string_view>

#include <tl/expected.hpp>

namespace sim::app {

// Whether `path` ("-" is standard output) can be written, as far as one can know before. Error: a sentence that names
// it.
tl::expected<void, std::string> check_writable(const std::string& path);

// Writes `text` to `path` ("-" is standard output). A regular file, old or new, gets it whole or stays as it was;
// devices, pipes and what stands for an open descriptor get it appended and are never replaced.
tl::expected<void, std::string> write_output(const std::string& path, std::string_view text);

}  // namespace sim::app
