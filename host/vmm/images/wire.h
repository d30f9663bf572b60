// SPDX-License-Identifier: GPL-2.0-or-later
// Little-endian fields of file headers, with every access checked: headers come from files that may be anything.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace host::vmm {

class WireView {
 public:
  explicit WireView(std::span<const std::byte> bytes) : bytes_(bytes) {}

  std::uint64_t size() const { return bytes_.size(); }
  // True iff [offset, offset + size) lies inside.
  bool holds(std::uint64_t offset, std::uint64_t size) const {
    return offset <= bytes_.size() && size <= bytes_.size() - offset;
  }
  // 0 for a field that isn't wholly inside.
  template <std::unsigned_integral T>
  T get(std::uint64_t offset) const {
    T value = 0;
    if (holds(offset, sizeof value)) std::memcpy(&value, bytes_.data() + offset, sizeof value);
    return value;
  }
  bool has(std::uint64_t offset, std::string_view text) const {
    return holds(offset, text.size()) && std::memcmp(bytes_.data() + offset, text.data(), text.size()) == 0;
  }
  // [offset, offset + size) must lie inside.
  std::span<const std::byte> part(std::uint64_t offset, std::uint64_t size) const {
    return bytes_.subspan(static_cast<std::size_t>(offset), static_cast<std::size_t>(size));
  }

 private:
  std::span<const std::byte> bytes_;
};

}  // namespace host::vmm
