// SPDX-License-Identifier: GPL-2.0-or-later
// The world outside the machine, as the VMM's devices meet it. All input comes through the machine's journal.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "rmm/port/sync.h"

namespace host::port {

class Console {
 public:
  virtual ~Console() = default;
  virtual void put(std::uint8_t byte) = 0;            // guest output
  virtual std::optional<std::uint8_t> get() = 0;      // next journalled input byte whose time has come
  virtual rmm::port::WaitQueue& input_arrived() = 0;  // woken when get() may have something
};

class HostEntropy {
 public:
  virtual ~HostEntropy() = default;
  virtual void fill(std::span<std::byte> out) = 0;  // a function of the machine's seed
};

}  // namespace host::port
