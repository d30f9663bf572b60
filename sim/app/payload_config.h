// SPDX-License-Identifier: GPL-2.0-or-later
// What `ccasim payload` runs: a platform, files in its memory, and where the first PE starts.
#pragma once

#include <vector>

#include <tl/expected.hpp>

#include "rmm/abi/addr.h"
#include "sim/app/options.h"
#include "sim/app/platform_config.h"

namespace sim::app {

struct PayloadConfig {
  PlatformConfig platform;
  std::vector<PayloadImage> images;  // what is loaded before the first instruction
  abi::Pa entry;                     // of PE 0 at power-on and after a reset
};

// Reads options.config, changed by --set and --seed. Images are read later, into the machine's memory.
tl::expected<PayloadConfig, InputError> load_payload_config(const RunOptions& options);

}  // namespace sim::app
