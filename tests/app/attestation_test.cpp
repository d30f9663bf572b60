// SPDX-License-Identifier: GPL-2.0-or-later
// Monitor and firmware together make tokens that the verifier in another language accepts, for either hash a realm can
// have. tests/verifier judges those of whole runs.
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include <fmt/format.h>
#include <unistd.h>

#include "rmm/core/attestation.h"
#include "rmm/core/measurement.h"
#include "sim/firmware/attestation.h"

namespace {

using abi::v1_0::HashAlgorithm;

struct Clock : rmm::port::Clock {
  std::uint64_t now_ns() const override { return 0; }
  void spend_ns(std::uint64_t) override {}
};

std::string hex(std::span<const std::uint8_t> bytes) {
  std::string out;
  for (const std::uint8_t byte : bytes) out += fmt::format("{:02x}", byte);
  return out;
}

rmm::core::Realm measured_realm(HashAlgorithm algorithm) {
  rmm::core::Realm realm;
  realm.hash_algo = algorithm;
  realm.rpv.fill(0x72);
  realm.measurements[0] = rmm::core::hash(algorithm, {});
  for (unsigned index = 1; index <= rmm::core::kNumRem; ++index) rmm::core::extend_rem(realm, index, {});
  return realm;
}

std::span<const std::uint8_t> make(rmm::core::AttestationState& state, rmm::port::Attestation& service) {
  rmm::core::TokenProgress progress{};
  do progress = rmm::core::make_token(state, service);
  while (progress == rmm::core::TokenProgress::kUnfinished);
  REQUIRE(progress == rmm::core::TokenProgress::kMade);
  return rmm::core::next_hunk(state, ~0ULL);
}

// What the verifier says of the token in a file: 0 accepted, 1 refused.
int verdict(const std::filesystem::path& token, const std::string& expectations) {
  return std::system(fmt::format("python3 -B tests/verifier/cca_token.py {} --iak sim/firmware/test_iak_public.pem "
                                 "--quiet {} >/dev/null",
                                 token.string(), expectations)
                         .c_str());
}

}  // namespace

TEST_CASE("the verifier accepts tokens of SHA-256 and SHA-512 realms, and notices another realm's") {
  const HashAlgorithm algorithm = GENERATE(HashAlgorithm::kSha256, HashAlgorithm::kSha512);
  CAPTURE(static_cast<int>(algorithm));
  Clock clock;
  sim::Attestation firmware(clock);
  const auto realm = measured_realm(algorithm);
  rmm::core::Challenge challenge;
  challenge.fill(0xc7);
  rmm::core::AttestationState state;
  const std::uint64_t bound = rmm::core::begin_token(state, firmware, realm, challenge);
  const auto token = make(state, firmware);
  CHECK(token.size() <= bound);

  const auto file = std::filesystem::temp_directory_path() / fmt::format("ccasim_token_{}", ::getpid());
  std::ofstream(file) << hex(token);
  const std::size_t size = rmm::core::digest_size(algorithm);
  std::string expectations = fmt::format("--challenge {} --rpv {}", hex(challenge), hex(realm.rpv));
  for (unsigned rem = 0; rem < rmm::core::kNumRem; ++rem)
    expectations += fmt::format(" --rem {}={}", rem, hex(std::span(realm.measurements[rem + 1]).first(size)));
  const auto rim = hex(std::span(realm.measurements[0]).first(size));
  CHECK(verdict(file, expectations + " --rim " + rim) == 0);
  CHECK(verdict(file, expectations + " --rim " + hex(std::vector<std::uint8_t>(size))) != 0);
  std::filesystem::remove(file);
}
