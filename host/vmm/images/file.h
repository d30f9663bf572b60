// SPDX-License-Identifier: GPL-2.0-or-later
// A whole file in memory, or a message that names it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "host/vmm/config.h"

namespace host::vmm {

using Bytes = std::vector<std::byte>;

// `what` is the role in a sentence: "kernel", "initrd", "binary". Files over `limit` bytes are refused before they are
// read.
tl::expected<Bytes, ConfigError> read_file(const std::string& what, const std::string& path, std::uint64_t limit);

}  // namespace host::vmm
