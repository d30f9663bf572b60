// SPDX-License-Identifier: GPL-2.0-or-later
#include "rmm/core/attestation.h"

#include <algorithm>

#include "rmm/abi/token/claims.h"
#include "rmm/core/measurement.h"

namespace rmm::core {
namespace {

namespace token = abi::token;
using abi::v1_0::HashAlgorithm;

std::string_view iana_name(HashAlgorithm algorithm) {
  return algorithm == HashAlgorithm::kSha256 ? token::kSha256Name : token::kSha512Name;
}

// A7.2.3.1, labels in ascending order.
token::Bytes encode_claims(const Realm& realm, const Challenge& challenge, const token::P384Point& key) {
  const std::size_t size = digest_size(realm.hash_algo);
  const auto digest = [&](unsigned index) { return token::ByteView(realm.measurements[index]).first(size); };
  token::CborWriter out;
  out.map(8);
  out.integer(token::realm::kChallenge).bytes(challenge);
  out.integer(token::realm::kProfile).text(token::realm::kProfileText);
  out.integer(token::realm::kPersonalizationValue).bytes(realm.rpv);
  out.integer(token::realm::kHashAlgorithm).text(iana_name(realm.hash_algo));
  out.integer(token::realm::kPublicKey).bytes(token::cose_key(key));
  out.integer(token::realm::kInitialMeasurement).bytes(digest(0));
  out.integer(token::realm::kExtensibleMeasurements).array(kNumRem);
  for (unsigned index = 1; index <= kNumRem; ++index) out.bytes(digest(index));
  out.integer(token::realm::kPublicKeyHashAlgorithm).text(token::kSha256Name);
  return out.take();
}

// A7.2.3.2.2: what binds the platform's part to the realm's is the hash of the key, as its claim holds it.
token::Bytes platform_challenge(const token::P384Point& key) {
  const token::Bytes encoded = token::cose_key(key);
  const Measurement digest = hash(HashAlgorithm::kSha256, std::as_bytes(std::span(encoded)));
  return {digest.begin(), digest.begin() + static_cast<std::ptrdiff_t>(digest_size(HashAlgorithm::kSha256))};
}

// A7.2.3: the tagged map of both parts.
token::Bytes wrap(token::ByteView platform, token::ByteView realm) {
  token::CborWriter out;
  out.tag(token::kCollectionTag).map(2);
  out.integer(token::kPlatformPart).bytes(platform);
  out.integer(token::kRealmPart).bytes(realm);
  return out.take();
}

bool fetch_platform_token(AttestationState& state, port::Attestation& service) {
  auto delivered = service.platform_token(platform_challenge(service.realm_attestation_key()));
  if (!delivered || delivered->empty() || delivered->size() > service.max_platform_token_size()) return false;
  state.platform_token = std::move(*delivered);
  return true;
}

bool sign(AttestationState& state, port::Attestation& service) {
  const token::Bytes message = token::signed_bytes(state.realm_claims);
  const auto signature = service.sign(sha384(std::as_bytes(std::span(message))));
  if (!signature) return false;
  state.token = wrap(state.platform_token, token::sign1(state.realm_claims, *signature));
  return true;
}

}  // namespace

std::uint64_t begin_token(AttestationState& state, const port::Attestation& service, const Realm& realm,
                          const Challenge& challenge) {
  state = {};
  state.in_progress = true;
  state.realm_claims = encode_claims(realm, challenge, service.realm_attestation_key());
  const token::Bytes longest(service.max_platform_token_size());
  return wrap(longest, token::sign1(state.realm_claims, {})).size();
}

TokenProgress make_token(AttestationState& state, port::Attestation& service) {
  if (!state.token.empty()) return TokenProgress::kMade;
  if (state.rounds + 1 < service.rounds()) {
    service.work();
    ++state.rounds;
    return TokenProgress::kUnfinished;
  }
  state.rounds = 0;
  const bool done = state.platform_token.empty() ? fetch_platform_token(state, service) : sign(state, service);
  return done ? TokenProgress::kUnfinished : TokenProgress::kFailed;
}

std::span<const std::uint8_t> next_hunk(const AttestationState& state, std::uint64_t size) {
  const auto rest = std::span(state.token).subspan(state.handed_out);
  return rest.first(std::min<std::size_t>(rest.size(), size));
}

bool hand_out(AttestationState& state, std::uint64_t size) {
  state.handed_out += size;
  if (state.handed_out < state.token.size()) return false;
  state = {};
  return true;
}

}  // namespace rmm::core
