// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/mem/realm_view.h"

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "sim/mem/pas_name.h"

namespace sim {
namespace {

std::size_t offset_in_granule(abi::Pa pa) { return pa.value & (abi::kGranuleSize - 1); }

[[noreturn]] void die(std::string_view access, abi::Pa pa, std::size_t size, std::string_view why) {
  fmt::print(stderr, "sim/mem: the monitor's {} of {} bytes at PA {:#x}: {}\n", access, size, pa.value, why);
  std::abort();
}

void check_range(abi::Pa pa, std::size_t size, const char* access) {
  if (offset_in_granule(pa) + size > abi::kGranuleSize) die(access, pa, size, "the range leaves its granule");
}

}  // namespace

abi::GranulePa RealmView::own_granule(abi::Pa pa, std::size_t size, const char* access) const {
  check_range(pa, size, access);
  const auto granule = abi::GranulePa::containing(pa);
  if (const abi::Pas pas = gpt_.pas(granule); pas != abi::Pas::kRealm) [[unlikely]] {
    if (!dram_.contains(granule)) die(access, pa, size, "not DRAM");
    die(access, pa, size,
        fmt::format("granule protection fault, the granule's PAS is {} and the access is Realm", name(pas)));
  }
  return granule;
}

tl::expected<abi::GranulePa, rmm::port::Gpf> RealmView::shared_granule(abi::Pa pa, std::size_t size,
                                                                       const char* access) const {
  check_range(pa, size, access);
  const auto granule = abi::GranulePa::containing(pa);
  if (const abi::Pas pas = gpt_.pas(granule); pas != abi::Pas::kNonSecure)
    return tl::unexpected(rmm::port::Gpf{pa, pas});
  return granule;
}

tl::expected<void, rmm::port::Gpf> RealmView::read_ns(abi::Pa pa, std::span<std::byte> out) {
  return shared_granule(pa, out.size(), "Non-secure read").map([&](abi::GranulePa granule) {
    std::memcpy(out.data(), dram_.bytes(granule) + offset_in_granule(pa), out.size());
  });
}

tl::expected<void, rmm::port::Gpf> RealmView::write_ns(abi::Pa pa, std::span<const std::byte> in) {
  return shared_granule(pa, in.size(), "Non-secure write").map([&](abi::GranulePa granule) {
    std::memcpy(dram_.write_native(granule) + offset_in_granule(pa), in.data(), in.size());
  });
}

void RealmView::read(abi::Pa pa, std::span<std::byte> out) {
  const auto granule = own_granule(pa, out.size(), "read");
  std::memcpy(out.data(), dram_.bytes(granule) + offset_in_granule(pa), out.size());
}

void RealmView::write(abi::Pa pa, std::span<const std::byte> in) {
  const auto granule = own_granule(pa, in.size(), "write");
  std::memcpy(dram_.write_native(granule) + offset_in_granule(pa), in.data(), in.size());
}

std::uint64_t RealmView::read64(abi::Pa pa) {
  if (!abi::is_aligned(pa.value, 8)) die("read64", pa, 8, "not 8-byte aligned");
  std::uint64_t value = 0;
  std::memcpy(&value, dram_.bytes(own_granule(pa, 8, "read64")) + offset_in_granule(pa), sizeof value);
  return value;
}

void RealmView::write64(abi::Pa pa, std::uint64_t value) {
  if (!abi::is_aligned(pa.value, 8)) die("write64", pa, 8, "not 8-byte aligned");
  std::memcpy(dram_.write_native(own_granule(pa, 8, "write64")) + offset_in_granule(pa), &value, sizeof value);
}

void RealmView::wipe(abi::GranulePa granule) {
  own_granule(granule.pa(), abi::kGranuleSize, "wipe");
  // A granule that nobody ever wrote is zero already, and costs no host memory as long as it stays so.
  if (dram_.touched(granule)) std::memset(dram_.write_native(granule), 0, abi::kGranuleSize);
}

std::span<const std::byte> RealmView::peek(abi::GranulePa granule) {
  own_granule(granule.pa(), abi::kGranuleSize, "peek");
  return {dram_.bytes(granule), abi::kGranuleSize};
}

}  // namespace sim
