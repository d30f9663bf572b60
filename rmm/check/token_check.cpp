// SPDX-License-Identifier: GPL-2.0-or-later
#include "rmm/check/token_check.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "rmm/abi/token/claims.h"
#include "rmm/abi/v1_0/types.h"
#include "rmm/check/cbor_reader.h"
#include "rmm/check/digest.h"

namespace rmm::check {
namespace {

namespace token = abi::token;
using token::Bytes;
using token::ByteView;
using token::CborWriter;

struct Sign1 {
  ByteView payload, signature;
};

// COSE_Sign1_Tagged; empty where it is none.
Sign1 read_sign1(ByteView bytes) {
  CborReader in(bytes);
  const bool shaped = in.tag() == token::kSign1Tag && in.array() == 4;
  in.bytes();  // protected header: part of what is signed
  const bool no_more_headers = in.map() == 0;
  const ByteView payload = in.bytes(), signature = in.bytes();
  if (in.failed() || !in.at_end() || !shaped || !no_more_headers) return {};
  return {payload, signature};
}

// The value of `key` in an encoded map; empty if there is none.
ByteView find(ByteView map, std::int64_t key) {
  CborReader in(map);
  const std::uint64_t pairs = in.map();
  for (std::uint64_t i = 0; i < pairs && !in.failed(); ++i) {
    const std::int64_t at = in.integer();
    const ByteView value = in.item();
    if (at == key && !in.failed()) return value;
  }
  return {};
}

struct Claim {
  std::int64_t label = 0;
  std::string_view name;
  Bytes value;  // encoded
};

std::vector<Claim> expected_claims(const core::Realm& realm, ByteView challenge, const token::P384Point& key) {
  namespace label = token::realm;
  const bool long_digest = realm.hash_algo == abi::v1_0::HashAlgorithm::kSha512;
  const auto digest = [&](unsigned i) { return ByteView(realm.measurements[i]).first(long_digest ? 64 : 32); };
  CborWriter rems;
  rems.array(core::kNumRem);
  for (unsigned i = 1; i <= core::kNumRem; ++i) rems.bytes(digest(i));
  const auto bytes = [](ByteView value) { return CborWriter().bytes(value).take(); };
  const auto text = [](std::string_view value) { return CborWriter().text(value).take(); };
  return {{label::kChallenge, "challenge", bytes(challenge)},
          {label::kProfile, "profile", text(label::kProfileText)},
          {label::kPersonalizationValue, "personalization value", bytes(realm.rpv)},
          {label::kHashAlgorithm, "hash algorithm", text(long_digest ? token::kSha512Name : token::kSha256Name)},
          {label::kPublicKey, "public key", bytes(token::cose_key(key))},
          {label::kInitialMeasurement, "initial measurement", bytes(digest(0))},
          {label::kExtensibleMeasurements, "extensible measurements", rems.take()},
          {label::kPublicKeyHashAlgorithm, "public key hash algorithm", text(token::kSha256Name)}};
}

bool equal(ByteView a, ByteView b) { return std::equal(a.begin(), a.end(), b.begin(), b.end()); }

Bytes challenge_of(const Values& args) {
  Bytes challenge(64);
  for (std::size_t i = 0; i < 8; ++i) {
    const std::uint64_t word = args.get(fmt::format("challenge_{}", i));
    std::memcpy(challenge.data() + i * sizeof word, &word, sizeof word);
  }
  return challenge;
}

}  // namespace

void TokenCheck::call_ended(const RunProgress& run, const port::CommandEnd& event) {
  if (!event.failed_condition.empty() || event.x0 == abi::kSmcNotSupported) return;
  if (event.name == "RSI_ATTESTATION_TOKEN_INIT" && run.realm_seen)
    operations_[run.rec.value] = {challenge_of(run.args), *run.realm_seen, {}};
  if (event.name != "RSI_ATTESTATION_TOKEN_CONTINUE") return;
  const auto it = operations_.find(run.rec.value);
  if (it == operations_.end()) return;
  Bytes& token = it->second.token;
  const auto* written = reinterpret_cast<const std::uint8_t*>(run.written.data());
  token.insert(token.end(), written, written + run.written.size());
  const std::uint64_t told = event.outputs.empty() ? 0 : event.outputs.front().value;
  findings_.expect("I26", told == run.written.size(), "REC {:#x} was told of {} token bytes but got {}", run.rec.value,
                   told, run.written.size());
  if (event.x0 != 0) return;  // RSI_INCOMPLETE
  expect_token(run.rec, it->second);
  operations_.erase(it);
}

void TokenCheck::expect_token(abi::Pa rec, const Operation& operation) {
  CborReader in(operation.token);
  const bool collection = in.tag() == token::kCollectionTag && in.map() == 2;
  const bool platform_first = in.integer() == token::kPlatformPart;
  const Sign1 platform = read_sign1(in.bytes());
  const bool realm_second = in.integer() == token::kRealmPart;
  const Sign1 realm = read_sign1(in.bytes());
  const bool shaped = collection && platform_first && realm_second && !in.failed() && in.at_end() &&
                      !platform.payload.empty() && !realm.payload.empty();
  findings_.expect("I26", shaped, "the token of REC {:#x} is not the tagged map of two signed parts that A7.2.3 says",
                   rec.value);
  if (!shaped) return;

  const token::P384Point key = platform_.attestation->realm_attestation_key();
  const std::vector<Claim> claims = expected_claims(operation.realm, operation.challenge, key);
  for (const Claim& claim : claims)
    findings_.expect("I26", equal(find(realm.payload, claim.label), claim.value),
                     "the token of REC {:#x} has another {} (claim {}) than the realm had at "
                     "RSI_ATTESTATION_TOKEN_INIT",
                     rec.value, claim.name, claim.label);
  findings_.expect("I26", CborReader(realm.payload).map() == claims.size(),
                   "the realm's part of the token of REC {:#x} has claims that A7.2.3.1 does not name", rec.value);
  findings_.expect("I26", es384_verifies(key, token::signed_bytes(realm.payload), realm.signature),
                   "the realm's part of the token of REC {:#x} is not signed by the Realm Attestation Key", rec.value);
  const Bytes challenge = CborWriter().bytes(sha256(token::cose_key(key))).take();
  findings_.expect("I26", equal(find(platform.payload, token::platform::kChallenge), challenge),
                   "the challenge in the platform's part of the token of REC {:#x} is not the hash of the Realm "
                   "Attestation Key",
                   rec.value);
  const auto [it, first_time] = known_.emplace(sha256(realm.payload), sha256(operation.token));
  findings_.expect("I26", first_time || it->second == sha256(operation.token),
                   "REC {:#x} got another token than before for the same realm state and challenge", rec.value);
}

}  // namespace rmm::check
