// SPDX-License-Identifier: GPL-2.0-or-later
#include "rmm/check/measurement_log.h"

#include <algorithm>
#include <cstring>

#include "rmm/check/digest.h"

namespace rmm::check {
namespace {

using abi::v1_0::HashAlgorithm;
using core::Measurement;

using Wire = std::array<std::byte, abi::kGranuleSize>;

template <class Value>
void put(std::span<std::byte> out, std::size_t offset, const Value& value) {
  std::memcpy(out.data() + offset, &value, sizeof value);
}

// A copy of `bytes` that keeps the given fields and is zero elsewhere: the measured part of a structure.
struct Field {
  std::size_t offset = 0, size = 0;
};
Wire only(std::span<const std::byte> bytes, std::initializer_list<Field> fields) {
  Wire out{};
  for (const Field& field : fields)
    if (field.offset + field.size <= bytes.size())
      std::memcpy(out.data() + field.offset, bytes.data() + field.offset, field.size);
  return out;
}

// RmiRealmParams: flags, s2sz, sve_vl, num_bps, num_wps, pmu_num_ctrs, hash_algo (B4.3.9.4).
Measurement initial(HashAlgorithm algorithm, std::span<const std::byte> params) {
  return realm_digest(algorithm,
                      only(params, {{0x0, 8}, {0x8, 1}, {0x10, 1}, {0x18, 1}, {0x20, 1}, {0x28, 1}, {0x30, 1}}));
}

// RmmMeasurementDescriptor*: type, length, RIM, then what the type has from 0x50 on (C1.11 to C1.13).
class Descriptor {
 public:
  Descriptor(std::uint8_t type, const Measurement& rim) {
    put(bytes_, 0x0, type);
    put(bytes_, 0x8, std::uint64_t{kSize});
    put(bytes_, 0x10, rim);
  }
  template <class Value>
  Descriptor& with(std::size_t offset, const Value& value) {
    put(bytes_, offset, value);
    return *this;
  }
  Measurement digest(HashAlgorithm algorithm) const { return realm_digest(algorithm, bytes_); }

 private:
  static constexpr std::size_t kSize = 0x100;
  std::array<std::byte, kSize> bytes_{};
};

Measurement after_data(HashAlgorithm algorithm, const Measurement& rim, const RmiProgress& command) {
  const std::uint64_t flags = command.args.get("flags");
  Measurement content{};
  if ((flags & 1) != 0) content = realm_digest(algorithm, command.host_bytes);
  return Descriptor(0, rim).with(0x50, command.args.get("ipa")).with(0x58, flags).with(0x60, content).digest(algorithm);
}

Measurement after_rec(HashAlgorithm algorithm, const Measurement& rim, const RmiProgress& command) {
  const Wire measured = only(command.host_bytes, {{0x0, 8}, {0x200, 8}, {0x300, 64}});  // flags, pc, gprs
  if ((std::to_integer<unsigned>(measured[0]) & 1) == 0) return rim;                    // D8: not runnable
  return Descriptor(1, rim).with(0x50, realm_digest(algorithm, measured)).digest(algorithm);
}

Measurement after_ripas(HashAlgorithm algorithm, Measurement rim, const RmiProgress& command, std::uint64_t out_top) {
  if (command.entry_size == 0) return rim;
  for (std::uint64_t base = command.args.get("base"); base < out_top; base += command.entry_size)
    rim = Descriptor(2, rim).with(0x50, base).with(0x58, base + command.entry_size).digest(algorithm);
  return rim;
}

void expect_created(Findings& findings, const RmiProgress& command, const core::Realm& realm) {
  const auto& params = command.host_bytes;
  if (params.size() < abi::kGranuleSize) return;
  findings.expect("I16", command.measurement.after[0] == initial(realm.hash_algo, params),
                  "the RIM of the new realm with RD {:#x} is not the hash of its parameters", realm.rd.pa().value);
  const bool as_asked = std::to_integer<unsigned>(params[0x8]) == realm.ipa_width &&
                        std::to_integer<unsigned>(params[0x30]) == static_cast<unsigned>(realm.hash_algo) &&
                        std::memcmp(params.data() + 0x400, realm.rpv.data(), realm.rpv.size()) == 0;
  findings.expect("I16", as_asked, "the new realm with RD {:#x} has another RPV, hash or IPA width than its parameters",
                  realm.rd.pa().value);
}

}  // namespace

void expect_measured(Findings& findings, const RmiProgress& command, const core::Realm* realm, const Values& outputs,
                     bool succeeded) {
  const MeasurementStep& step = command.measurement;
  if (!step.seen || realm == nullptr) return;
  if (step.created) return expect_created(findings, command, *realm);
  Measurement expected = step.before[0];
  if (succeeded && command.name == "RMI_DATA_CREATE") expected = after_data(realm->hash_algo, expected, command);
  if (succeeded && command.name == "RMI_REC_CREATE") expected = after_rec(realm->hash_algo, expected, command);
  if (succeeded && command.name == "RMI_RTT_INIT_RIPAS")
    expected = after_ripas(realm->hash_algo, expected, command, outputs.get("out_top"));
  findings.expect("I16", step.after[0] == expected,
                  "after {} the RIM of the realm with RD {:#x} is not what the command's arguments give", command.name,
                  step.rd.value);
  findings.expect("I16", std::equal(step.before.begin() + 1, step.before.end(), step.after.begin() + 1),
                  "{} changed a REM of the realm with RD {:#x}; only its own RSI_MEASUREMENT_EXTEND may", command.name,
                  step.rd.value);
}

void expect_extended(Findings& findings, const RunProgress& run, std::string_view call, bool succeeded) {
  const MeasurementStep& step = run.measurement;
  if (!step.seen) return;
  auto expected = step.before;
  if (succeeded && call == "RSI_MEASUREMENT_EXTEND" && run.realm_seen) {
    std::array<std::byte, 128> wire{};  // D8: the old value, then the new one zero padded to 64 bytes
    const std::uint64_t index = run.args.get("index");
    if (index >= 1 && index <= core::kNumRem) {
      put(wire, 0, expected[index]);
      for (std::uint64_t i = 0; i < 8; ++i) put(wire, 64 + i * 8, run.args.get(fmt::format("value_{}", i)));
      const std::uint64_t size = std::min<std::uint64_t>(run.args.get("size"), 64);
      std::fill(wire.begin() + 64 + static_cast<std::ptrdiff_t>(size), wire.end(), std::byte{0});
      expected[index] = realm_digest(run.realm_seen->hash_algo, wire);
    }
  }
  findings.expect("I16", step.after == expected,
                  "{} of REC {:#x} left measurements of the realm with RD {:#x} that it must not or does not give",
                  call.empty() ? "an exit" : call, run.rec.value, step.rd.value);
}

}  // namespace rmm::check
