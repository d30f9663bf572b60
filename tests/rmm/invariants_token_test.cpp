// SPDX-License-Identifier: GPL-2.0-or-later
// I26: a token says what the realm was, answers the challenge, and verifies; broken on purpose.
#include <gcrypt.h>
#include <catch2/catch_test_macros.hpp>

#include "rmm/abi/token/claims.h"
#include "rmm/check/digest.h"
#include "rmm/core/measurement.h"
#include "tests/rmm/invariants_watched_bench.h"

using namespace watched;
using namespace rmi;
namespace token = abi::token;

namespace {

// Firmware with a key of its own, whose answers a test can spoil.
class Firmware : public rmm::port::Attestation {
 public:
  Firmware() {
    gcry_sexp_t key = nullptr;
    static_cast<void>(rmm::check::sha256({}));  // the library is ready
    REQUIRE(gcry_sexp_build(&key, nullptr, "(genkey (ecc (curve \"NIST P-384\")))") == 0);
    REQUIRE(gcry_pk_genkey(&pair_, key) == 0);
    gcry_sexp_release(key);
    gcry_sexp_t point = gcry_sexp_find_token(pair_, "q", 0);
    std::size_t size = 0;
    const char* q = gcry_sexp_nth_data(point, 1, &size);
    REQUIRE(size == 1 + 2 * token::kP384Size);
    std::memcpy(public_.x.data(), q + 1, token::kP384Size);
    std::memcpy(public_.y.data(), q + 1 + token::kP384Size, token::kP384Size);
    gcry_sexp_release(point);
  }
  ~Firmware() override { gcry_sexp_release(pair_); }
  Firmware(const Firmware&) = delete;
  Firmware& operator=(const Firmware&) = delete;

  bool signs_badly = false, signs_anew = false;
  bool forgets_challenge = false;

  token::P384Point realm_attestation_key() const override { return public_; }
  std::optional<token::Es384Signature> sign(const token::Sha384Digest& digest) override {
    const char* deterministic = "(data (flags rfc6979) (hash sha384 %b))";
    const char* random = "(data (flags raw) (value %b))";
    gcry_sexp_t data = nullptr, signature = nullptr;
    REQUIRE(gcry_sexp_build(&data, nullptr, signs_anew ? random : deterministic, static_cast<int>(digest.size()),
                            digest.data()) == 0);
    REQUIRE(gcry_pk_sign(&signature, data, pair_) == 0);
    token::Es384Signature out{};
    put(signature, "r", out.data());
    put(signature, "s", out.data() + token::kP384Size);
    if (signs_badly) out[10] ^= 1;
    gcry_sexp_release(data);
    gcry_sexp_release(signature);
    return out;
  }
  std::optional<token::Bytes> platform_token(token::ByteView challenge) override {
    token::Bytes given(challenge.begin(), challenge.end());
    if (forgets_challenge) given[0] ^= 1;
    const token::Bytes claims = token::CborWriter().map(1).integer(token::platform::kChallenge).bytes(given).take();
    return token::sign1(claims, {});
  }
  std::size_t max_platform_token_size() const override { return 400; }

 private:
  static void put(gcry_sexp_t signature, const char* name, std::uint8_t* out) {
    gcry_sexp_t found = gcry_sexp_find_token(signature, name, 0);
    gcry_mpi_t value = gcry_sexp_nth_mpi(found, 1, GCRYMPI_FMT_USG);
    std::size_t size = 0;
    std::array<std::uint8_t, token::kP384Size> bytes{};
    REQUIRE(gcry_mpi_print(GCRYMPI_FMT_USG, bytes.data(), bytes.size(), &size, value) == 0);
    std::copy_n(bytes.begin(), size, out + (token::kP384Size - size));
    gcry_mpi_release(value);
    gcry_sexp_release(found);
  }
  gcry_sexp_t pair_ = nullptr;
  token::P384Point public_;
};

// Asks for a token twice, in hunks. `between` is called between the first INIT and CONTINUE, `later` before the second
// token.
void ask(Watched& m, const std::function<void(abi::Pa rec)>& between = {}, const std::function<void()>& later = {}) {
  TestRealm realm(m.bench);
  realm.add_rtts(0);
  realm.init_ripas(0, kPage);
  realm.add_data_unknown(0);
  const abi::Pa rec = realm.add_rec();
  realm.activate();
  m.smc(rec, {kRsiMeasurementExtend, 1, 8, 0x1234});
  for (int time = 0; time < 2; ++time) {
    m.smc(rec, {kRsiAttestationTokenInit, 1, 2, 3, 4, 5, 6, 7, 8});
    m.enter(rec);
    if (time == 0 && between && m.is_broken) between(rec);
    if (time == 1 && later && m.is_broken) later();
    do {
      m.smc(rec, {kRsiAttestationTokenContinue, 0, 0x800, 300});
      m.enter(rec);
    } while (m.bench.cpu(rec).x(0) == 3);  // RSI_INCOMPLETE
    REQUIRE(m.bench.cpu(rec).x(0) == 0);
  }
}

}  // namespace

TEST_CASE("I26: tokens of a sound monitor and firmware are no finding") {
  Firmware firmware;
  Watched m(false, &firmware);
  ask(m);
  for (const std::string& finding : m.findings.found()) FAIL_CHECK(finding);
  CHECK(m.findings.evaluations().at("I26") > 20);
}

TEST_CASE("I26: a token that is signed by no or another key is found", "[broken]") {
  Firmware firmware;
  firmware.signs_badly = true;
  Watched m(true, &firmware);
  ask(m);
  check_found(m.findings, "I26",
              {"the realm's part of the token of REC", "is not signed by the Realm Attestation Key"});
}

TEST_CASE("I26: a platform token that answers another challenge is found", "[broken]") {
  Firmware firmware;
  firmware.forgets_challenge = true;
  Watched m(true, &firmware);
  ask(m);
  check_found(m.findings, "I26",
              {"the challenge in the platform's part of the token", "is not the hash of the Realm Attestation Key"});
}

TEST_CASE("I26: a token with another measurement or challenge than the realm's is found", "[broken]") {
  Firmware firmware;
  const auto spoil = [&](std::span<const std::uint8_t> claim, std::initializer_list<std::string> words) {
    Watched m(true, &firmware);
    ask(m, [&](abi::Pa rec) {
      auto& claims = m.bench.rec(rec).attestation.realm_claims;
      const auto at = std::search(claims.begin(), claims.end(), claim.begin(), claim.end());
      REQUIRE(at != claims.end());
      *at ^= 1;
    });
    // The REC is not locked between its runs; its token operation is looked at by size only.
    check_found(m.findings, "I26", words);
  };
  const std::array<std::uint8_t, 8> challenge_word = {4, 0, 0, 0, 0, 0, 0, 0};
  spoil(challenge_word, {"has another challenge (claim 10) than the realm had at RSI_ATTESTATION_TOKEN_INIT"});
  rmm::core::Realm extended;
  const std::uint64_t value = 0x1234;
  rmm::core::extend_rem(extended, 1, std::as_bytes(std::span(&value, 1)));
  spoil(std::span(extended.measurements[1]).first(32), {"has another extensible measurements (claim 44239)"});
}

TEST_CASE("I26: a token that is not the one of A7.2.3 is found", "[broken]") {
  fake::Attestation firmware;  // its platform token is no token at all
  Watched m(true, &firmware);
  ask(m);
  check_found(m.findings, "I26", {"is not the tagged map of two signed parts that A7.2.3 says"});
}

TEST_CASE("I26: another token for the same state and challenge is found", "[broken]") {
  Firmware firmware;
  Watched m(true, &firmware);
  ask(m, {}, [&] { firmware.signs_anew = true; });
  check_found(m.findings, "I26", {"got another token than before for the same realm state and challenge"});
}
