// SPDX-License-Identifier: GPL-2.0-or-later
// The library's public interface gives an exception's number but not its syndrome; the bytes of a saved context hold
// it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace sim {

struct RawSyndrome {
  std::uint32_t syndrome;
  std::uint32_t fault_status;
  std::uint64_t address;
  std::uint32_t target_el;
};

// Reads the last exception of a saved context. The offset is found once, at the first call, by an experiment.
RawSyndrome read_syndrome(std::span<const std::byte> context);

}  // namespace sim
