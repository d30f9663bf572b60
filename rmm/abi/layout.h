// SPDX-License-Identifier: GPL-2.0-or-later
// One field table per wire structure. From the table come the codec, the printer, the offset assertions and the
// fuzzer's mutations. Reserved bytes are never read (decision D3: SBZ is ignored) and encode as zero.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <tuple>
#include <type_traits>

namespace abi {

template <class Struct, class Member>
struct Field {
  std::string_view name;
  std::size_t offset = 0;  // bytes from the start of the wire structure
  Member Struct::*member = nullptr;
  static constexpr std::size_t kSize = sizeof(Member);
};

template <class Struct, class Member>
constexpr Field<Struct, Member> field(std::string_view name, std::size_t offset, Member Struct::*member) {
  static_assert(std::is_trivially_copyable_v<Member>, "wire fields are integers or arrays of integers");
  return {name, offset, member};
}

// Specialised beside each structure: `kSize` (bytes) and `kFields` (a tuple of Field in ascending offset order).
template <class Struct>
struct Layout;

// True iff the table is in order, without overlap, naturally aligned and inside kSize. Asserted beside each table.
template <class Struct>
constexpr bool layout_is_sound() {
  std::size_t end = 0;
  bool sound = true;
  std::apply(
      [&](const auto&... f) {
        ((sound = sound && f.offset >= end, end = f.offset + std::remove_cvref_t<decltype(f)>::kSize), ...);
      },
      Layout<Struct>::kFields);
  return sound && end <= Layout<Struct>::kSize;
}

// Reads the named fields out of `wire` (at least kSize bytes, little endian host).
template <class Struct>
Struct decode(std::span<const std::byte> wire) {
  Struct out{};
  std::apply(
      [&](const auto&... f) { (std::memcpy(&(out.*f.member), wire.data() + f.offset, sizeof(out.*f.member)), ...); },
      Layout<Struct>::kFields);
  return out;
}

// Writes every named field into `wire` (at least kSize bytes); reserved bytes are left alone.
template <class Struct>
void encode(const Struct& in, std::span<std::byte> wire) {
  std::apply(
      [&](const auto&... f) { (std::memcpy(wire.data() + f.offset, &(in.*f.member), sizeof(in.*f.member)), ...); },
      Layout<Struct>::kFields);
}

// Calls visit(name, offset, const member&) for each field in offset order (printer, trace, mutations).
template <class Struct, class Visit>
void for_each_field(const Struct& value, Visit&& visit) {
  std::apply([&](const auto&... f) { (visit(f.name, f.offset, value.*f.member), ...); }, Layout<Struct>::kFields);
}

}  // namespace abi
