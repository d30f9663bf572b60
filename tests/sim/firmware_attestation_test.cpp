// SPDX-License-Identifier: GPL-2.0-or-later
#include <catch2/catch_test_macros.hpp>
#include <string>

#include "sim/firmware/attestation.h"
#include "sim/firmware/costs.h"

namespace {

using abi::token::Bytes;

template <class Range>
std::string hex(const Range& bytes) {
  std::string out;
  for (const std::uint8_t byte : bytes) {
    out += "0123456789abcdef"[byte >> 4];
    out += "0123456789abcdef"[byte & 15];
  }
  return out;
}

Bytes bytes_of(std::string_view text) { return {text.begin(), text.end()}; }

struct Clock : rmm::port::Clock {
  std::uint64_t now_ns() const override { return now; }
  void spend_ns(std::uint64_t ns) override { now += ns; }
  std::uint64_t now = 0;
};

const Bytes kChallenge(32, 0x5a);

}  // namespace

TEST_CASE("ES384 signs as RFC 6979 A.2.6 does") {
  const sim::Es384Key key(
      "6b9d3dad2e1b8c1c05b19875b6659f4de23c3b667bf297ba9aa47740787137d8"
      "96d5724e4c70a825f872c9ea60d2edf5");
  CHECK(hex(key.public_key().x) ==
        "ec3a4e415b4e19a4568618029f427fa5da9a8bc4ae92e02e06aae5286b300c64def8f0ea9055866064a254515480bc13");
  CHECK(hex(key.public_key().y) ==
        "8015d9b72d7d57244ea8ef9ac0c621896708a59367f9dfb9f54ca84b3f1c9db1288b231c3ae0d4fe7344fd2533264720");
  CHECK(hex(key.sign(sim::sha384(bytes_of("sample")))) ==
        "94edbb92a5ecb8aad4736e56c691916b3f88140666ce9fa73d64c4ea95ad133c81a648152e44acf96e36dd1e80fabe46"
        "99ef4aeb15f178cea1fe40db2603138f130e740a19624526203b6351d0a3a94fa329c145786e679e7b82c71a38628ac8");
  CHECK(hex(key.sign(sim::sha384(bytes_of("test")))) ==
        "8203b63d3c853e8d77227fb377bcf7b7b772e97892a80f36ab775d509d7a5feb0542a7f0812998da8f1dd3ca3cf023db"
        "ddd0760448d42d8a43af45af836fce4de8be06b485e9b61b827c2f13173923e06a739f040649a667bf3b828246baa5a5");
}

TEST_CASE("A platform token is the same in every run, and another for another challenge") {
  Clock clock;
  sim::Attestation firmware(clock), another(clock);
  const auto token = firmware.platform_token(kChallenge);
  REQUIRE(token);
  CHECK(token->size() <= firmware.max_platform_token_size());
  CHECK(another.platform_token(kChallenge) == token);
  CHECK(firmware.platform_token(Bytes(32, 0x5b)) != token);
}

TEST_CASE("The longest challenge fits into the size that firmware promises") {
  Clock clock;
  sim::Attestation firmware(clock);
  CHECK(firmware.platform_token(Bytes(64, 1))->size() <= firmware.max_platform_token_size());
}

TEST_CASE("Each signature costs virtual time, in rounds") {
  Clock clock;
  sim::Attestation firmware(clock);
  const auto work = [&] {
    for (unsigned i = 1; i < firmware.rounds(); ++i) firmware.work();
  };
  work();
  CHECK(clock.now < sim::costs::kSignNs);
  CHECK(firmware.sign({}));
  CHECK(clock.now == sim::costs::kSignNs);
  work();
  CHECK(firmware.platform_token(kChallenge));
  CHECK(clock.now == 2 * sim::costs::kSignNs);
}

TEST_CASE("An injected failure is no signature and no token") {
  Clock clock;
  sim::Attestation firmware(clock);
  bool fails = true;
  firmware.set_fault([&] { return fails; });
  CHECK_FALSE(firmware.sign({}));
  CHECK_FALSE(firmware.platform_token(kChallenge));
  fails = false;
  CHECK(firmware.sign({}));
}

TEST_CASE("The keys of realm and platform differ") {
  Clock clock;
  const sim::Attestation firmware(clock);
  CHECK_FALSE(firmware.realm_attestation_key() == firmware.initial_attestation_key());
}
