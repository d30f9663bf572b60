// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/app/payload_config.h"

#include <utility>

namespace sim::app {

tl::expected<PayloadConfig, InputError> load_payload_config(const RunOptions& options) {
  auto platform = load_platform_config(options.config, options.set);
  if (!platform) return tl::unexpected(platform.error());
  PayloadConfig out{.platform = std::move(*platform), .images = options.images, .entry = {}};
  if (options.seed) out.platform.machine.seed = *options.seed;
  out.entry = {options.entry.value_or(out.images.front().address)};
  return out;
}

}  // namespace sim::app
