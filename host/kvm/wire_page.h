// SPDX-License-Identifier: GPL-2.0-or-later
// Structures that the host shares with the RMM in Non-secure memory. The host kernel reaches them through its linear
// map: a granule protection fault here is a host kernel oops.
#pragma once

#include <array>
#include <cstddef>
#include <tuple>

#include "host/kvm/host.h"
#include "host/kvm/panic.h"
#include "rmm/abi/layout.h"

namespace host::kvm {

inline void kernel_read(Host& host, abi::Pa pa, std::span<std::byte> out) {
  if (!host.port.memory.read(pa, out)) panic("granule protection fault on a kernel read of {:#x}", pa.value);
}
inline void kernel_write(Host& host, abi::Pa pa, std::span<const std::byte> in) {
  if (!host.port.memory.write(pa, in)) panic("granule protection fault on a kernel write of {:#x}", pa.value);
}

// The whole structure, all other bytes of the page zero.
template <class Struct>
void write_wire_page(Host& host, abi::GranulePa page, const Struct& value) {
  static_assert(abi::Layout<Struct>::kSize == abi::kGranuleSize);
  std::array<std::byte, abi::kGranuleSize> wire{};
  abi::encode(value, wire);
  kernel_write(host, page.pa(), wire);
}

namespace detail {
template <class Struct, class Member>
constexpr std::size_t offset_of(Member Struct::*member) {
  auto offset = static_cast<std::size_t>(-1);
  std::apply(
      [&](const auto&... f) {
        const auto check = [&](const auto& field) {
          if constexpr (std::is_same_v<decltype(field.member), Member Struct::*>) {
            if (field.member == member) offset = field.offset;
          }
        };
        (check(f), ...);
      },
      abi::Layout<Struct>::kFields);
  return offset;
}
}  // namespace detail

// One field of a wire structure at `base`.
template <auto Member>
struct WireField;
template <class Struct, class M, M Struct::*Member>
struct WireField<Member> {
  using Type = M;
  static constexpr std::size_t kOffset = detail::offset_of(Member);
  static_assert(kOffset != static_cast<std::size_t>(-1));
};

template <auto Member>
typename WireField<Member>::Type read_field(Host& host, abi::Pa base) {
  typename WireField<Member>::Type value{};
  kernel_read(host, base + WireField<Member>::kOffset, std::as_writable_bytes(std::span(&value, 1)));
  return value;
}
template <auto Member>
void write_field(Host& host, abi::Pa base, const typename WireField<Member>::Type& value) {
  kernel_write(host, base + WireField<Member>::kOffset, std::as_bytes(std::span(&value, 1)));
}

}  // namespace host::kvm
