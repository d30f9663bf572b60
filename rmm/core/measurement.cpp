// SPDX-License-Identifier: GPL-2.0-or-later
#include "rmm/core/measurement.h"

#include <fmt/core.h>
#include <gcrypt.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>

namespace rmm::core {
namespace {

using abi::v1_0::HashAlgorithm;

// C1.11 to C1.13: descriptors whose hash becomes the new RIM. All are 0x100 bytes and begin alike.
struct DescriptorHead {
  std::uint8_t desc_type = 0;
  std::uint64_t len = 0;
  Measurement rim{};
};
struct DataDescriptor {
  std::uint64_t ipa = 0;
  std::uint64_t flags = 0;
  Measurement content{};
};
struct RecDescriptor {
  Measurement content{};
};
struct RipasDescriptor {
  std::uint64_t base = 0;
  std::uint64_t top = 0;
};

constexpr std::size_t kDescriptorSize = 0x100;
constexpr std::uint8_t kDataType = 0, kRecType = 1, kRipasType = 2;

int gcrypt_algorithm(HashAlgorithm algorithm) {
  return algorithm == HashAlgorithm::kSha256 ? GCRY_MD_SHA256 : GCRY_MD_SHA512;
}

void initialise_library() {
  static const bool kReady = [] {
    if (gcry_control(GCRYCTL_INITIALIZATION_FINISHED_P) == 0) {
      if (gcry_check_version(GCRYPT_VERSION) == nullptr) return false;
      gcry_control(GCRYCTL_DISABLE_SECMEM, 0);
      gcry_control(GCRYCTL_INITIALIZATION_FINISHED, 0);
    }
    return true;
  }();
  if (!kReady) {
    fmt::print(stderr, "libgcrypt is older than the headers ccasim was built with. Install libgcrypt20 >= {}.\n",
               GCRYPT_VERSION);
    std::abort();
  }
}

}  // namespace
}  // namespace rmm::core

namespace abi {

template <>
struct Layout<rmm::core::DescriptorHead> {
  using T = rmm::core::DescriptorHead;
  static constexpr std::size_t kSize = rmm::core::kDescriptorSize;
  static constexpr auto kFields =
      std::tuple{field("desc_type", 0x0, &T::desc_type), field("len", 0x8, &T::len), field("rim", 0x10, &T::rim)};
};
static_assert(layout_is_sound<rmm::core::DescriptorHead>());

template <>
struct Layout<rmm::core::DataDescriptor> {
  using T = rmm::core::DataDescriptor;
  static constexpr std::size_t kSize = rmm::core::kDescriptorSize;
  static constexpr auto kFields =
      std::tuple{field("ipa", 0x50, &T::ipa), field("flags", 0x58, &T::flags), field("content", 0x60, &T::content)};
};
static_assert(layout_is_sound<rmm::core::DataDescriptor>());

template <>
struct Layout<rmm::core::RecDescriptor> {
  using T = rmm::core::RecDescriptor;
  static constexpr std::size_t kSize = rmm::core::kDescriptorSize;
  static constexpr auto kFields = std::tuple{field("content", 0x50, &T::content)};
};
static_assert(layout_is_sound<rmm::core::RecDescriptor>());

template <>
struct Layout<rmm::core::RipasDescriptor> {
  using T = rmm::core::RipasDescriptor;
  static constexpr std::size_t kSize = rmm::core::kDescriptorSize;
  static constexpr auto kFields = std::tuple{field("base", 0x50, &T::base), field("top", 0x58, &T::top)};
};
static_assert(layout_is_sound<rmm::core::RipasDescriptor>());

}  // namespace abi

namespace rmm::core {
namespace {

// New RIM = H(head || body).
template <class Body>
void extend_rim(Realm& realm, std::uint8_t type, const Body& body) {
  std::array<std::byte, kDescriptorSize> wire{};
  abi::encode(DescriptorHead{.desc_type = type, .len = kDescriptorSize, .rim = realm.measurements[0]}, wire);
  abi::encode(body, wire);
  realm.measurements[0] = hash(realm.hash_algo, wire);
}

}  // namespace

std::size_t digest_size(HashAlgorithm algorithm) { return algorithm == HashAlgorithm::kSha256 ? 32 : 64; }

Measurement hash(HashAlgorithm algorithm, std::span<const std::byte> data) {
  initialise_library();
  Measurement out{};
  gcry_md_hash_buffer(gcrypt_algorithm(algorithm), out.data(), data.data(), data.size());
  return out;
}

std::array<std::uint8_t, 48> sha384(std::span<const std::byte> data) {
  initialise_library();
  std::array<std::uint8_t, 48> out{};
  gcry_md_hash_buffer(GCRY_MD_SHA384, out.data(), data.data(), data.size());
  return out;
}

Measurement initial_rim(HashAlgorithm algorithm, const abi::v1_0::RealmParams& params) {
  abi::v1_0::RealmParams measured;
  measured.flags = params.flags;
  measured.s2sz = params.s2sz;
  measured.sve_vl = params.sve_vl;
  measured.num_bps = params.num_bps;
  measured.num_wps = params.num_wps;
  measured.pmu_num_ctrs = params.pmu_num_ctrs;
  measured.hash_algo = params.hash_algo;
  std::array<std::byte, abi::Layout<abi::v1_0::RealmParams>::kSize> wire{};
  abi::encode(measured, wire);
  return hash(algorithm, wire);
}

void extend_rim_data(Realm& realm, abi::Ipa ipa, std::uint64_t flags,
                     std::optional<std::span<const std::byte>> content) {
  DataDescriptor body{.ipa = ipa.value, .flags = flags};
  if (content) body.content = hash(realm.hash_algo, *content);
  extend_rim(realm, kDataType, body);
}

void extend_rim_rec(Realm& realm, const abi::v1_0::RecParams& params) {
  abi::v1_0::RecParams measured;
  measured.flags = params.flags;
  measured.pc = params.pc;
  measured.gprs = params.gprs;
  std::array<std::byte, abi::Layout<abi::v1_0::RecParams>::kSize> wire{};
  abi::encode(measured, wire);
  extend_rim(realm, kRecType, RecDescriptor{.content = hash(realm.hash_algo, wire)});
}

void extend_rim_ripas(Realm& realm, abi::IpaRange entry) {
  extend_rim(realm, kRipasType, RipasDescriptor{.base = entry.base.value, .top = entry.top.value});
}

void extend_rem(Realm& realm, unsigned index, std::span<const std::byte> value) {
  std::array<std::byte, 2 * kMaxMeasurement> wire{};
  Measurement& rem = realm.measurements.at(index);
  std::memcpy(wire.data(), rem.data(), rem.size());
  std::copy_n(value.begin(), std::min(value.size(), kMaxMeasurement), wire.begin() + kMaxMeasurement);
  rem = hash(realm.hash_algo, wire);
}

}  // namespace rmm::core
