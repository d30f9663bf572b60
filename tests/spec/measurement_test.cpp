// SPDX-License-Identifier: GPL-2.0-or-later
// Measurements against values computed by another implementation (Python's hashlib) from the layouts of C1.11 to C1.13.
#include <string>

#include "tests/spec/scene.h"

namespace rmm::spec {
namespace {
using namespace abi::v1_0;

struct Expected {
  HashAlgorithm algorithm;
  std::string_view init, data, unmeasured, ripas, rec, rem20, rem64;
};

constexpr std::array kExpected{
    Expected{HashAlgorithm::kSha256, "045cb3602843a6845cb710fbbfbb92f0c7d611afe0106ac2953e46950a70c42b",
             "5785aa4ba6d6d54632f8d7fb3f36b9586445672639071de00d14fe05c7d8e17a",
             "8e3ea34809c933ed8cdbc644198d23f208e4faa3ebe14007270c2e3fb55e5944",
             "62fd7df448c1970ff26c7731710c3f6abde2e6df0162d4fa370c10f0ed7c4cd7",
             "fb6a72e07860fc2dfa2229f93cade5eccaf5dcad46774a3d10a94dcf22e10076",
             "c3e640bde369d3db7fad0051ff81504b4a3fc8a03d4a7bc07bc8748a91ff97b5",
             "b51e03bbed301a2d2bc789c758894b925334c448615a0c9751322204c75ede51"},
    Expected{HashAlgorithm::kSha512,
             "066e19aa2c3418dadc20ef31b5595907c612991952553e1e99731a677b5797c9"
             "898dffb6e3963a20b8e1af6d136cd2fe6fe25f048577dc3d7e5bf3a79a4b1e81",
             "408c38f18113b7124b0e9f8a9660be63e76e10b795528b7370f26e2f8b7f885d"
             "e38fb799604edff42c2c6cb9830abb12c10510647056273ccd2620781ba4c48b",
             "7c7713e3e3d6b2ab105b76cd51b1f41e34ffb1b8939ae3defea93f58019b0892"
             "4e1916033a167a1f1798e7429f9ea7150afac41ca8d7b6056c2783c53418f525",
             "1954bb5c08bc34ee375975c96b793d26bc31e8557fcdffe747db6c7ee85bffa8"
             "daf8e3e8c92edfd6d502707acce531085c3e69866727e89bbba4b0a71d10d3c6",
             "780eeb253bf5dd9f587c28cc1dec07abffe9363b9d2722ae090af7d21a4a1d4d"
             "54758e1e781668e6182a55c87b923a949036bfd9669c5054840568d5501d0f81",
             "0a4ddefe9f1da7337c2599bf1a62bf972b2bec7e58c1101fc013783a0342916e"
             "4706198fb710b0ce493dcabc1f4faa5cdb8ab7f2bc41b26a6b7fa8bdeb32453a",
             "2555fe952927d760faea634f7d5a8aa9f8f8e1ed9d450f7c7e1be74eb6817dfa"
             "cfd6a4b19063757fc7fe850ae89f57a5ce1d2fdb88c00e2295ca7b6b94c00e22"}};

// The whole value; what follows the digest must be zero.
std::string hex(const Measurement& measurement, std::size_t digest) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (std::size_t i = 0; i < measurement.size(); ++i) {
    const std::uint8_t byte = measurement[i];
    if (i >= digest) {
      CHECK(byte == 0);
    } else {
      text += kDigits[byte >> 4];
      text += kDigits[byte & 15];
    }
  }
  return text;
}

TEST_CASE("RIM of REALM_CREATE, DATA_CREATE, INIT_RIPAS and REC_CREATE, REM of MEASUREMENT_EXTEND") {
  for (const Expected& expected : kExpected) {
    Bench bench;
    auto params = bench.realm_params();
    params.hash_algo = static_cast<std::uint8_t>(expected.algorithm);
    params.rpv.fill(7);  // not measured
    const std::size_t digest = expected.algorithm == HashAlgorithm::kSha256 ? 32 : 64;
    const Pa rd = bench.realm(params);
    auto rim = [&] { return hex(bench.state.realms.at(rd).measurements[0], digest); };
    CHECK(rim() == expected.init);
    bench.tables(rd, 0);
    CHECK(rim() == expected.init);

    const Pa source = bench.granule();
    auto& content = bench.memory[source];
    for (std::size_t i = 0; i < kPage; ++i) content.push_back(static_cast<std::byte>(i * 7));
    bench.done(kRmiDataCreate, {rd.value, bench.delegated().value, 0x1000, source.value, 1});
    CHECK(rim() == expected.data);
    bench.done(kRmiDataCreate, {rd.value, bench.delegated().value, 0x2000, source.value, 0});
    CHECK(rim() == expected.unmeasured);
    bench.data(rd, 0x3000);
    CHECK(rim() == expected.unmeasured);  // DATA_CREATE_UNKNOWN is not measured
    bench.init_ripas(rd, 0x4000, 0x6000);
    CHECK(rim() == expected.ripas);
    const Pa rec = bench.rec(rd);
    CHECK(rim() == expected.rec);
    bench.rec(rd, false);
    CHECK(rim() == expected.rec);  // D8: a REC that isn't runnable is not measured
    bench.done(kRmiDataDestroy, {rd.value, 0x1000});
    bench.activate(rd);
    CHECK(rim() == expected.rec);

    bench.done(Bench::guest(rec, kRsiMeasurementExtend, {2, 20, 1, 2, 3, 4, 5, 6, 7, 8}));
    CHECK(hex(bench.state.realms.at(rd).measurements[2], digest) == expected.rem20);
    bench.done(Bench::guest(rec, kRsiMeasurementExtend, {2, 64, 1, 2, 3, 4, 5, 6, 7, 8}));
    CHECK(hex(bench.state.realms.at(rd).measurements[2], digest) == expected.rem64);
    CHECK(hex(bench.state.realms.at(rd).measurements[1], 0).empty());
    const Outcome read = bench.done(Bench::guest(rec, kRsiMeasurementRead, {2}));
    Measurement shown{};
    std::memcpy(shown.data(), &read.regs.x[1], shown.size());
    CHECK(hex(shown, digest) == expected.rem64);
    CHECK(read.compared == kAllRegisters);
  }
}

TEST_CASE("D5: an entry that is RAM already is measured again, and each entry by itself") {
  Bench bench;
  const Pa rd = bench.realm();
  bench.tables(rd, 0);
  bench.init_ripas(rd, 0, 0x2000);
  const Measurement once = bench.state.realms.at(rd).measurements[0];
  bench.init_ripas(rd, 0, 0x1000);
  CHECK(bench.state.realms.at(rd).measurements[0] != once);

  Bench other;
  const Pa same = other.realm();
  other.tables(same, 0);
  other.init_ripas(same, 0, 0x1000);
  other.init_ripas(same, 0x1000, 0x2000);
  CHECK(other.state.realms.at(same).measurements[0] == once);
}

}  // namespace
}  // namespace rmm::spec
