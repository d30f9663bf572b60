// SPDX-License-Identifier: GPL-2.0-or-later
// Expected digests were computed by a program of its own from the layouts of DEN0137 C1.11 to C1.13, not by this code.
#include "rmm/core/measurement.h"
#include "tests/rmm/rmi_bench.h"

using namespace rmi;

namespace {

std::string hex(const rmm::core::Measurement& m) {
  std::string out;
  for (const auto byte : m) {
    out += "0123456789abcdef"[byte >> 4];
    out += "0123456789abcdef"[byte & 0xf];
  }
  return out;
}

// A digest shorter than 64 bytes is kept zero padded.
std::string padded(std::string digest) { return digest + std::string(128 - digest.size(), '0'); }

struct Expected {
  std::uint8_t hash;
  const char *created, *ripas, *measured_data, *unmeasured_data, *rec, *rem;
};

constexpr Expected kExpected[] = {
    {0, "39ad630fb9d2019f2be445c17430b6372c999e1d205f7ddaa5d00b5d13b83c76",
     "07c22a6398c0866d22ad5e9d5428e0660b6bf853b41e836babd4d345a6769269",
     "9ec0e7cca28cb3648869c072dad02c3500a616de7b820f6042b3935e7bf8f748",
     "301e3cfe0b1dadabb27ccbb17b703084a90534a3a4c23130519389bd962453da",
     "362b145bb7425d10526a978c1e53f8ec9525292aca3b48353593c5d7c8442c5f",
     "6840057ec7379e8d75dda3d2c83fd1efc3068f73e92c40a9ad87d51b2df2d9a6"},
    {1,
     "6178d2443ecdf5f6819e6d89a93ea79efc72e22198d4863dac2a020cca102dcf58c53a3d22a76d6e77cb120690974bdde6bd36483d3599ea"
     "2e0873044c6fa327",
     "5018d9ffe88e598bc750adecf2e6b205963c47e6fa6e3bd2c3c594da8ab5c626f09426ed5670ebb60d52970ef4f0b678bb0eebbd4cf5757a"
     "66bd626606d05af0",
     "46d16b467990796eecac298a80247b94f67c4090b55f4b0eda837f56b57932e7b8cfe93138eea09b188e071ac249ec9cfe4abcf1e8cc41cc"
     "6c6977b458391bba",
     "23526e15600eeced0653cf6b7d5015bd1c6eeed26c4bf2978e2b02b4d42e4f0a213376cf12822d410841a5ecd42508d22beb1447c261d775"
     "9305977cf230c133",
     "25f33427d361293934ae3c4b58ccdc89393706c04b11d938d66ca989542a212a5fd80c7ec4e26d476d5bc13859e8adfb145d1bc3a7654426"
     "adc61a098e9b1808",
     "97c195f2fe0bbe87c2978a656651dfd7109aff80c326bcdfd9298ddca73926c42590370f20d5ffa36eefb64eca3fc28a344efd0a4c395073"
     "df1b9e7b3f362c4f"},
};

}  // namespace

TEST_CASE("the RIM measures realm parameters, RIPAS, data and runnable RECs as the descriptors say") {
  for (const Expected& e : kExpected) {
    Bench b;
    TestRealm r(b, {.hash = e.hash});
    const auto& rim = b.realm(r.rd).measurements[0];
    CHECK(hex(rim) == padded(e.created));
    r.init_ripas(0, kBlock1);
    CHECK(hex(rim) == padded(e.ripas));
    r.add_rtts(0);
    CHECK(hex(rim) == padded(e.ripas));
    const abi::Pa src = b.ns();
    for (std::size_t i = 0; i < kPage; ++i) b.platform.memory.bytes(src)[i] = static_cast<std::byte>(i % 251);
    b.succeeds(kRmiDataCreate, r.rd, b.delegated(), 0, src, kDataFlagMeasure);
    CHECK(hex(rim) == padded(e.measured_data));
    b.succeeds(kRmiDataCreate, r.rd, b.delegated(), kPage, src, 0);
    CHECK(hex(rim) == padded(e.unmeasured_data));
    r.add_rec();
    CHECK(hex(rim) == padded(e.rec));
    r.add_rec(false);
    CHECK(hex(rim) == padded(e.rec));
    r.add_data_unknown(2 * kPage);
    r.activate();
    CHECK(hex(rim) == padded(e.rec));
  }
}

TEST_CASE("D8: a REM is extended over its old 64 bytes and the zero-padded value") {
  for (const Expected& e : kExpected) {
    rmm::core::Realm realm;
    realm.hash_algo = static_cast<HashAlgorithm>(e.hash);
    const std::array<std::byte, 3> abc{std::byte{'a'}, std::byte{'b'}, std::byte{'c'}};
    std::array<std::byte, 64> ones{};
    ones.fill(std::byte{0x11});
    rmm::core::extend_rem(realm, 2, abc);
    rmm::core::extend_rem(realm, 2, ones);
    CHECK(hex(realm.measurements[2]) == padded(e.rem));
    CHECK(hex(realm.measurements[1]) == padded(""));
  }
}
