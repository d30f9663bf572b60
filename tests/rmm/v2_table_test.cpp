// SPDX-License-Identifier: GPL-2.0-or-later
#include <vector>

#include "tests/rmm/v2_bench.h"

using namespace abi::v2_0;
using v2::Bench;

TEST_CASE("the table of 2.0 has its six commands, ascending, for 2.0 only, and says what success means") {
  std::vector<std::string_view> names;
  std::uint32_t previous = 0;
  for (const auto* row : rmm::v2_0::Dispatcher::rows()) {
    names.push_back(row->command->name);
    CHECK(row->command->fid > previous);
    CHECK(row->command->versions == rmm::call::kVersion20);
    CHECK_FALSE(row->command->effect.empty());
    previous = row->command->fid;
  }
  CHECK(names == std::vector<std::string_view>{"RMI_VERSION", "RMI_FEATURES", "RMI_GRANULE_RANGE_DELEGATE",
                                               "RMI_GRANULE_RANGE_UNDELEGATE", "RMI_RTT_DATA_MAP",
                                               "RMI_REALM_TERMINATE"});
}

TEST_CASE("2.0 has no commands that it took away, and 1.0 none that 2.0 added") {
  Bench b;
  for (const std::uint32_t fid : {rmi::kRmiGranuleDelegate, rmi::kRmiGranuleUndelegate, rmi::kRmiDataCreateUnknown}) {
    const v2::Answer a = b.call2(fid);
    CHECK(a.x[0] == ~0ULL);
    CHECK(a.condition == "_unknown_fid");
  }
  for (const std::uint32_t fid : {kRmiGranuleRangeDelegate, kRmiRttDataMap, kRmiRealmTerminate})
    CHECK(b.call(fid).x[0] == ~0ULL);
}

TEST_CASE("2.0 RMI_VERSION: 2.0 succeeds, 1.0 learns that only a higher revision exists") {
  Bench b;
  v2::Answer a = b.call2(kRmiVersion, 0x20000);
  CHECK(a.ok());
  CHECK(a.x[1] == 0x20000);
  CHECK(a.x[2] == 0x20000);
  a = b.call2(kRmiVersion, 0x10000);
  CHECK(a.result == RmiResult{RmiStatus::kErrorInput});
  CHECK(a.condition == "_version_higher");
  CHECK(a.x[1] == 0x20000);
  a = b.call2(kRmiVersion, 0x20001);
  CHECK(a.condition == "_version_lower");
  CHECK(a.x[1] == 0x20000);
  CHECK(a.x[2] == 0x20000);
}

TEST_CASE("2.0 RMI_FEATURES: hashes and the order of RECs have moved to register 1") {
  Bench b;
  const std::uint64_t reg0 = b.succeeds2(kRmiFeatures, 0);
  CHECK(reg0 == (48 | (1ULL << 14) | (1ULL << 20)));
  const std::uint64_t reg1 = b.succeeds2(kRmiFeatures, 1);
  CHECK((reg1 & 7) == 1);             // granules of 4 KiB only
  CHECK(((reg1 >> 3) & 7) == 0b101);  // SHA-256 and SHA-512, no SHA-384
  CHECK(((reg1 >> 6) & 15) == 9);     // MAX_RECS_ORDER
  CHECK(((reg1 >> 14) & 7) == 6);     // memory above 2^48: 52 bits
  CHECK((reg1 >> 17) == 0);
  for (const std::uint64_t index : {2ULL, 3ULL, 4ULL, 5ULL, ~0ULL}) CHECK(b.succeeds2(kRmiFeatures, index) == 0);
}

TEST_CASE("2.0 feature register 1 names the smallest physical address size that holds the memory") {
  CHECK(pps_for(32) == 0);
  CHECK(pps_for(33) == 1);
  CHECK(pps_for(40) == 2);
  CHECK(pps_for(48) == 5);
  CHECK(pps_for(49) == 6);
}

TEST_CASE("the result word of 2.0 has a data field of 56 bits, whose low byte is the level of a walk") {
  CHECK(RmiResult::from_raw(0x304) == RmiResult::at_level(RmiStatus::kErrorRtt, 3));
  CHECK(RmiResult::from_raw(0xff04).level() == -1);
  CHECK(RmiResult{RmiStatus::kErrorTracking, 0x00ff'ffff'ffff'ffff}.raw() == 0xffff'ffff'ffff'ff0c);
  CHECK(rmm::call::status_name(rmm::port::Interface::kRmi, 0x60d) == "RMI_INCOMPLETE");
  CHECK(rmm::call::status_name(rmm::port::Interface::kRmi, 12) == "RMI_ERROR_TRACKING");
}

TEST_CASE("a range descriptor of 2.0 holds block size, count, base and state") {
  const AddressRange r{.block = 1, .count = 3, .base = {0x8020'0000}, .state = 1};
  CHECK(r.raw() == 0x8000'0000'8020'000d);
  CHECK(AddressRange::from_raw(r.raw()) == r);
  CHECK(r.size() == 3 * rmi::kBlock2);
  CHECK(r.is_aligned());
  CHECK_FALSE(AddressRange{.block = 1, .count = 1, .base = {0x8010'0000}}.is_aligned());
}
