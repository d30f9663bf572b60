// SPDX-License-Identifier: GPL-2.0-or-later
// I3: what was written is gone before anybody else can read it; broken on purpose.
#include <catch2/catch_test_macros.hpp>

#include "tests/rmm/invariants_watched_bench.h"

using namespace watched;
using namespace rmi;

namespace {

// A realm with one page that it has written.
abi::Pa written_page(Watched& m, TestRealm& realm) {
  realm.add_rtts(0);
  const abi::Pa data = realm.add_data_unknown(0);
  std::memset(m.bench.platform.memory.bytes(data) + 0x20, 0x5e, 3);
  return data;
}

}  // namespace

TEST_CASE("I3: a wipe that is skipped when memory is taken from a realm is found at once", "[broken]") {
  check_caught("I3",
               [](Watched& m) {
                 TestRealm realm(m.bench);
                 written_page(m, realm);
                 m.memory->skips_wipes = m.is_broken;
                 m.bench.succeeds(kRmiDataDestroy, realm.rd, 0);
               },
               {"was not wiped", "3 bytes of its last use as DATA by the realm with RD 0x80000000",
                "although it has no owner any more", "the first is 0x5e at offset 0x20"});
}

TEST_CASE("I3: what a realm writes after its memory was taken is found before the host can read it", "[broken]") {
  check_caught("I3",
               [](Watched& m) {
                 TestRealm realm(m.bench);
                 const abi::Pa data = written_page(m, realm);
                 m.bench.succeeds(kRmiDataDestroy, realm.rd, 0);
                 if (m.is_broken) *m.bench.platform.memory.bytes(data) = std::byte{1};  // by a stale translation
                 m.bench.succeeds(kRmiGranuleUndelegate, data);
               },
               {"was not wiped", "DATA by the realm", "and the host could read them"});
}

TEST_CASE("I3: what is left in a granule is found before its next owner can read it", "[broken]") {
  check_caught("I3",
               [](Watched& m) {
                 TestRealm realm(m.bench);
                 const abi::Pa data = written_page(m, realm);
                 m.bench.succeeds(kRmiDataDestroy, realm.rd, 0);
                 if (m.is_broken) *m.bench.platform.memory.bytes(data) = std::byte{1};
                 m.bench.succeeds(kRmiDataCreateUnknown, realm.rd, data, kPage);
               },
               {"was not wiped", "DATA by the realm", "and its next owner could read them"});
}

TEST_CASE("I3: DATA_CREATE may fill a granule, but not one with something left in it", "[broken]") {
  check_caught("I3",
               [](Watched& m) {
                 TestRealm realm(m.bench);
                 const abi::Pa data = written_page(m, realm), source = m.bench.ns();
                 *m.bench.platform.memory.bytes(source) = std::byte{7};
                 m.bench.succeeds(kRmiDataDestroy, realm.rd, 0);
                 if (m.is_broken) *m.bench.platform.memory.bytes(data) = std::byte{1};
                 m.bench.succeeds(kRmiDataCreate, realm.rd, data, kPage, source, kDataFlagMeasure);
               },
               {"was not wiped", "DATA by the realm", "when a command began to fill it"});
}

TEST_CASE("I3: RDs, RECs, auxiliary granules and RTTs are looked at as well", "[broken]") {
  check_caught("I3",
               [](Watched& m) {
                 TestRealm realm(m.bench);
                 const abi::Pa rec = realm.add_rec();
                 const abi::Pa aux = m.bench.rec(rec).aux[1].pa();
                 m.bench.succeeds(kRmiRecDestroy, rec);
                 if (m.is_broken) *m.bench.platform.memory.bytes(aux) = std::byte{9};
                 m.bench.succeeds(kRmiGranuleUndelegate, aux);
                 m.bench.succeeds(kRmiGranuleUndelegate, rec);
                 m.bench.succeeds(kRmiRealmDestroy, realm.rd);
                 m.bench.succeeds(kRmiGranuleUndelegate, realm.rd);
                 m.bench.succeeds(kRmiGranuleUndelegate, realm.rtt_base);
               },
               {"REC_AUX by the realm", "the first is 0x9 at offset 0"});
}
