// SPDX-License-Identifier: GPL-2.0-or-later
#include "rmm/spec/measurement.h"

#include <gcrypt.h>

#include <array>
#include <cstring>
#include <vector>

#include "rmm/abi/layout.h"

namespace rmm::spec {

namespace {

// C1.11 to C1.13. `kind` and what all three descriptors have stand at the same offsets.
class Descriptor {
 public:
  Descriptor(std::uint8_t kind, const Measurement& rim) {
    bytes_[0] = std::byte{kind};
    put(0x08, std::uint64_t{bytes_.size()});
    put(0x10, rim);
  }
  template <class T>
  Descriptor& put(std::size_t offset, const T& value) {
    std::memcpy(bytes_.data() + offset, &value, sizeof value);
    return *this;
  }
  Measurement hashed(HashAlgorithm algorithm) const { return hash(algorithm, bytes_); }

 private:
  std::array<std::byte, 0x100> bytes_{};
};

}  // namespace

Measurement hash(HashAlgorithm algorithm, std::span<const std::byte> bytes) {
  const int id = algorithm == HashAlgorithm::kSha512 ? GCRY_MD_SHA512 : GCRY_MD_SHA256;
  Measurement digest{};
  gcry_md_hash_buffer(id, digest.data(), bytes.data(), bytes.size());
  return digest;
}

Measurement rim_init(HashAlgorithm algorithm, const abi::v1_0::RealmParams& params) {
  abi::v1_0::RealmParams measured;
  measured.flags = params.flags;
  measured.s2sz = params.s2sz;
  measured.sve_vl = params.sve_vl;
  measured.num_bps = params.num_bps;
  measured.num_wps = params.num_wps;
  measured.pmu_num_ctrs = params.pmu_num_ctrs;
  measured.hash_algo = params.hash_algo;
  std::vector<std::byte> page(abi::Layout<abi::v1_0::RealmParams>::kSize);
  abi::encode(measured, page);
  return hash(algorithm, page);
}

Measurement rim_extend_data(HashAlgorithm algorithm, const Measurement& rim, Ipa ipa, std::uint64_t flags,
                            std::span<const std::byte> content) {
  Descriptor descriptor(0, rim);
  descriptor.put(0x50, ipa.value).put(0x58, flags);
  if ((flags & abi::v1_0::kDataFlagMeasure) != 0) descriptor.put(0x60, hash(algorithm, content));
  return descriptor.hashed(algorithm);
}

Measurement rim_extend_rec(HashAlgorithm algorithm, const Measurement& rim, const abi::v1_0::RecParams& params) {
  abi::v1_0::RecParams measured;
  measured.gprs = params.gprs;
  measured.pc = params.pc;
  measured.flags = params.flags;
  std::vector<std::byte> page(abi::Layout<abi::v1_0::RecParams>::kSize);
  abi::encode(measured, page);
  return Descriptor(1, rim).put(0x50, hash(algorithm, page)).hashed(algorithm);
}

Measurement rim_extend_ripas(HashAlgorithm algorithm, const Measurement& rim, Ipa base, Ipa top) {
  return Descriptor(2, rim).put(0x50, base.value).put(0x58, top.value).hashed(algorithm);
}

Measurement rem_extend(HashAlgorithm algorithm, const Measurement& rem, std::span<const std::byte> value,
                       std::size_t size) {
  std::array<std::byte, 128> input{};
  std::memcpy(input.data(), rem.data(), rem.size());
  std::memcpy(input.data() + rem.size(), value.data(), size);
  return hash(algorithm, input);
}

}  // namespace rmm::spec
