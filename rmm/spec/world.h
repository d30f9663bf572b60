// SPDX-License-Identifier: GPL-2.0-or-later
// What the environment shows to a command: the PAS of granules that are not the monitor's, and memory of others.
// Asked while a command is judged; the answers must be those that the monitor saw.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "rmm/abi/addr.h"

namespace rmm::spec {

class World {
 public:
  virtual ~World() = default;
  // PAS of a delegable granule.
  virtual abi::Pas pas(abi::Pa granule) const = 0;
  // The command has read `granule` as Non-secure memory. That was its moment: by the time the command is judged another
  // PE may have delegated the granule.
  virtual bool was_read(abi::Pa /*granule*/) const { return false; }
  // `size` bytes of Non-secure memory at `from`, inside one granule, as read by the command; nothing if the access
  // caused a granule protection fault or there is no memory (a history asks for whatever a call names).
  virtual std::optional<std::vector<std::byte>> non_secure(abi::Pa from, std::size_t size) const = 0;
  // `size` bytes of a realm's DATA granule at `from` (the monitor reads RsiHostCall).
  virtual std::vector<std::byte> realm_memory(abi::Pa from, std::size_t size) const = 0;
};

}  // namespace rmm::spec
