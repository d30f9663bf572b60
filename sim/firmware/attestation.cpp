// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/firmware/attestation.h"

#include <string>

#include "rmm/abi/token/claims.h"
#include "sim/firmware/costs.h"
#include "sim/firmware/test_keys.h"

namespace sim {
namespace {

namespace token = abi::token;
namespace claim = abi::token::platform;

struct Component {
  std::string_view type, version;
};
constexpr Component kComponents[] = {{"EL3 firmware", "1.0.0"}, {"RMM", "1.0.0"}};
constexpr std::string_view kSigner = "ccasim test signer of firmware";

// A7.2.3.2.8: where a relying party may look for a verifier. Optional; this platform has none to offer, and says so by
// a name that never resolves (RFC 2606).
constexpr std::string_view kVerificationService = "https://ccasim.invalid";
constexpr std::int64_t kSecured = 0x3003;          // A7.2.3.2.6: lifecycle state 0x30
constexpr std::uint8_t kUeidRandom = 0x01;         // EAT: the type of an instance id that is a number of its own
constexpr std::uint8_t kSystemProperties[4] = {};  // A7.2.3.2.5: this platform's public parameters name none

constexpr std::array<std::uint8_t, 32> implementation_id() {
  constexpr std::string_view kName = "ccasim: no real platform";
  std::array<std::uint8_t, 32> id{};
  for (std::size_t i = 0; i < kName.size(); ++i) id[i] = static_cast<std::uint8_t>(kName[i]);
  return id;
}

token::ByteView view(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

// Firmware is part of the simulator, there is no image to measure: its name and version stand for it.
std::array<std::uint8_t, 32> measurement(const Component& component) {
  return sha256(view(std::string(component.type) + " " + std::string(component.version)));
}

// The hash of IAK_pub, so that the id belongs to the key.
token::Bytes instance_id(const token::P384Point& iak) {
  const token::Bytes key = token::cose_key(iak);
  const auto digest = sha256(key);
  token::Bytes id{kUeidRandom};
  id.insert(id.end(), digest.begin(), digest.end());
  return id;
}

}  // namespace

Attestation::Attestation(rmm::port::Clock& clock) : clock_(clock), iak_(test_keys::kIak), rak_(test_keys::kRak) {}

unsigned Attestation::rounds() const { return costs::kSignRounds; }
void Attestation::work() { clock_.spend_ns(costs::kSignNs / costs::kSignRounds); }

bool Attestation::spend_and_fail() {
  work();
  return fault_ && fault_();
}

std::optional<token::Es384Signature> Attestation::sign(const token::Sha384Digest& digest) {
  if (spend_and_fail()) return std::nullopt;
  return rak_.sign(digest);
}

std::optional<token::Bytes> Attestation::platform_token(token::ByteView challenge) {
  if (spend_and_fail()) return std::nullopt;
  const token::Bytes payload = claims(challenge);
  return token::sign1(payload, iak_.sign(sha384(token::signed_bytes(payload))));
}

// Labels in ascending order.
token::Bytes Attestation::claims(token::ByteView challenge) const {
  token::CborWriter out;
  out.map(9);
  out.integer(claim::kChallenge).bytes(challenge);
  out.integer(claim::kInstanceId).bytes(instance_id(iak_.public_key()));
  out.integer(claim::kProfile).text(claim::kProfileText);
  out.integer(claim::kLifecycle).integer(kSecured);
  out.integer(claim::kImplementationId).bytes(implementation_id());
  out.integer(claim::kSoftwareComponents).array(std::size(kComponents));
  for (const Component& component : kComponents) {
    out.map(4);
    out.integer(claim::component::kType).text(component.type);
    out.integer(claim::component::kMeasurement).bytes(measurement(component));
    out.integer(claim::component::kVersion).text(component.version);
    out.integer(claim::component::kSignerId).bytes(sha256(view(kSigner)));
  }
  out.integer(claim::kVerificationService).text(kVerificationService);
  out.integer(claim::kConfig).bytes(kSystemProperties);
  out.integer(claim::kHashAlgorithm).text(token::kSha256Name);
  return out.take();
}

}  // namespace sim
