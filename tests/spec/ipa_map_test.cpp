// SPDX-License-Identifier: GPL-2.0-or-later
// The map of a realm's IPA space: fold and unfold, destruction, tops, descriptors (A5.5, B4.3.15 to B4.3.22).
#include "tests/spec/scene.h"

namespace rmm::spec {
namespace {
using namespace abi::v1_0;

constexpr std::uint64_t kHalf = Scene::kHalf;
constexpr std::uint64_t kDesc = Scene::kDesc;

// The allowed results of a call that must fail.
std::vector<Outcome> failures(const Bench& bench, std::uint32_t fid, std::initializer_list<std::uint64_t> args) {
  auto outcomes = bench.allowed(Bench::host(fid, args));
  for (const Outcome& outcome : outcomes) CHECK(!outcome.condition.empty());
  return outcomes;
}

TEST_CASE("I12: unfolding and folding an ASSIGNED block keeps the map, at levels 3 and 2") {
  Bench bench;
  const Pa rd = bench.realm();
  bench.tables(rd, 0);
  bench.init_ripas(rd, 0, 0x200000);
  // 512 contiguous granules, aligned to 2 MiB.
  const Pa block{kDram.value + 0x4000000};
  for (std::uint64_t i = 0; i < kEntries; ++i) {
    const Pa granule = bench.delegated(block + i * kPage);
    bench.done(kRmiDataCreateUnknown, {rd.value, granule.value, i * kPage});
  }
  const Outcome folded = bench.done(kRmiRttFold, {rd.value, 0, 3});
  const Pa table{folded.regs.x[1]};
  CHECK(bench.state.granule(table) == GranuleState::kDelegated);
  CHECK(bench.entry(rd, 0x1000) == Entry{EntryState::kAssigned, Ripas::kRam, 0, 0, block});
  CHECK(!bench.state.tables.contains({rd, 3, {0}}));
  const auto read = bench.done(kRmiRttReadEntry, {rd.value, 0, 3});
  CHECK(read.regs.x[1] == 2);
  CHECK(read.regs.x[2] == 1);
  CHECK(read.regs.x[3] == block.value);
  CHECK(read.regs.x[4] == 1);

  bench.done(kRmiRttCreate, {rd.value, table.value, 0, 3});
  for (const std::uint64_t ipa : {0x0ULL, 0x1000ULL, 0x1ff000ULL}) {
    CHECK(bench.entry(rd, ipa) == Entry{EntryState::kAssigned, Ripas::kRam, 0, 0, block + ipa});
  }
  // One page destroyed: no more homogeneous, and the whole table is live.
  bench.done(kRmiDataDestroy, {rd.value, 0x5000});
  auto outcomes = failures(bench, kRmiRttFold, {rd.value, 0, 3});
  REQUIRE(outcomes.size() == 1);
  CHECK(outcomes[0].condition == "rtt_homo");
  CHECK(outcomes[0].regs.x[0] == 0x304);
}

TEST_CASE("Tables of one RIPAS fold, of two don't; the parent takes the RIPAS") {
  Bench bench;
  const Pa rd = bench.realm();
  bench.tables(rd, 0);
  bench.init_ripas(rd, 0, 0x1ff000);
  CHECK(failures(bench, kRmiRttFold, {rd.value, 0, 3}).size() == 1);
  bench.init_ripas(rd, 0x1ff000, 0x200000);
  bench.done(kRmiRttFold, {rd.value, 0, 3});
  CHECK(bench.entry(rd, 0) == Entry{EntryState::kUnassigned, Ripas::kRam, 0, 0, {}});
  CHECK(bench.entry(rd, 0x200000).ripas == Ripas::kEmpty);
  CHECK(failures(bench, kRmiRttFold, {rd.value, 0, 2}).at(0).condition == "rtt_homo");
}

TEST_CASE("D13: ASSIGNED_NS folds if addresses run on and attributes agree") {
  for (const std::uint64_t second :
       std::initializer_list<std::uint64_t>{kDesc + 0x1000, kDesc + 0x2000, (kDesc + 0x1000) ^ (1ULL << 6)}) {
    Bench bench;
    const Pa rd = bench.realm();
    bench.tables(rd, kHalf);
    for (std::uint64_t i = 0; i < kEntries; ++i) {
      const std::uint64_t desc = i == 1 ? second : kDesc + i * kPage;
      bench.done(kRmiRttMapUnprotected, {rd.value, kHalf + i * kPage, 3, desc});
    }
    if (second == kDesc + 0x1000) {
      bench.done(kRmiRttFold, {rd.value, kHalf, 3});
      CHECK(bench.entry(rd, kHalf + 0x3000) == Entry{EntryState::kAssignedNs, Ripas::kEmpty, 5, 3, {0xa0000000}});
    } else {
      CHECK(failures(bench, kRmiRttFold, {rd.value, kHalf, 3}).at(0).condition == "rtt_homo");
    }
  }
}

TEST_CASE("A block whose output address isn't aligned to the parent's entry doesn't fold") {
  Bench bench;
  const Pa rd = bench.realm();
  bench.tables(rd, kHalf);
  for (std::uint64_t i = 0; i < kEntries; ++i) {
    bench.done(kRmiRttMapUnprotected, {rd.value, kHalf + i * kPage, 3, kDesc + 0x1000 + i * kPage});
  }
  CHECK(failures(bench, kRmiRttFold, {rd.value, kHalf, 3}).at(0).condition == "rtt_homo");
}

TEST_CASE("D12: RTT_DESTROY leaves DESTROYED below and UNASSIGNED_NS above, also over a mapping") {
  Scene scene;
  scene.done(kRmiRttDestroy, {scene.made.value, 0x400000, 3});
  CHECK(scene.entry(scene.made, 0x400000) == Entry{EntryState::kUnassigned, Ripas::kDestroyed, 0, 0, {}});
  const Outcome above = scene.done(kRmiRttDestroy, {scene.made.value, kHalf, 3});
  CHECK(scene.entry(scene.made, kHalf + 0x2000) == Entry{EntryState::kUnassignedNs, Ripas::kEmpty, 0, 0, {}});
  CHECK(above.regs.x[2] == kHalf + 0x40000000);
}

TEST_CASE("top: the next live entry, the end of the table, the base of a live one; both forms under a block") {
  Scene scene;
  const std::uint64_t rd = scene.made.value;
  // Live at 0x2000 only: from 0 on the top is 0x2000, and from 0x3000 on the table's end.
  auto outcomes = failures(scene, kRmiDataDestroy, {rd, 0});
  REQUIRE(outcomes.size() == 1);
  CHECK(outcomes[0].regs.x[2] == 0x2000);
  CHECK(failures(scene, kRmiDataDestroy, {rd, 0x3000}).at(0).regs.x[2] == 0x200000);
  // An entry of level 2: the next table is at 0x400000.
  outcomes = failures(scene, kRmiDataDestroy, {rd, 0x205000});
  for (const Outcome& outcome : outcomes) CHECK(outcome.regs.x[2] == 0x400000);
  CHECK(failures(scene, kRmiRttDestroy, {rd, 0, 3}).at(0).regs.x[2] == 0);  // rtt_live: ipa

  scene.tables(scene.made, kHalf + 0x40000000, 2);
  scene.done(kRmiRttMapUnprotected, {rd, kHalf + 0x40000000, 2, kDesc & ~0x1ff000ULL});
  outcomes = failures(scene, kRmiRttUnmapUnprotected, {rd, kHalf + 0x40005000, 3});
  std::vector<std::uint64_t> tops;
  for (const Outcome& outcome : outcomes) {
    if (outcome.condition == "rtt_walk") tops.push_back(outcome.regs.x[1]);
  }
  CHECK(tops == std::vector<std::uint64_t>{kHalf + 0x40005000, kHalf + 0x40000000});
  const Outcome unmapped = scene.done(kRmiRttUnmapUnprotected, {rd, kHalf + 0x40000000, 2});
  CHECK(unmapped.regs.x[1] == kHalf + 0x80000000);
}

TEST_CASE("DATA_DESTROY: RAM becomes DESTROYED, EMPTY stays EMPTY") {
  Scene scene;
  scene.done(kRmiDataDestroy, {scene.made.value, 0x2000});
  CHECK(scene.entry(scene.made, 0x2000).ripas == Ripas::kEmpty);
  scene.done(kRmiDataDestroy, {scene.active.value, 0x2000});
  CHECK(scene.entry(scene.active, 0x2000).ripas == Ripas::kDestroyed);
}

TEST_CASE("DATA_CREATE_UNKNOWN is legal in every realm state, keeps the RIPAS and wipes") {
  for (const RealmState state : {RealmState::kNew, RealmState::kActive, RealmState::kSystemOff}) {
    Scene scene;
    scene.realm_of(scene.active).state = state;
    const Pa data = scene.delegated();
    const Outcome done = scene.done(kRmiDataCreateUnknown, {scene.active.value, data.value, 0x3000});
    CHECK(scene.entry(scene.active, 0x3000) == Entry{EntryState::kAssigned, Ripas::kRam, 0, 0, data});
    CHECK(done.wiped == std::vector<Pa>{data});
  }
}

TEST_CASE("RTT_READ_ENTRY shows MemAttr, S2AP and the address of ASSIGNED_NS, the address of TABLE, else nothing") {
  Scene scene;
  const std::uint64_t rd = scene.made.value;
  const auto mapped = scene.done(kRmiRttReadEntry, {rd, kHalf + 0x2000, 3});
  CHECK(mapped.regs.x[1] == 3);
  CHECK(mapped.regs.x[2] == 1);
  CHECK(mapped.regs.x[3] == kDesc);
  CHECK(mapped.regs.x[4] == 0);
  const auto table = scene.done(kRmiRttReadEntry, {rd, 0, 2});
  CHECK(table.regs.x[1] == 2);
  CHECK(table.regs.x[2] == 2);
  CHECK(Pa{table.regs.x[3]} == scene.state.tables.at({scene.made, 3, {0}}).granule);
  const auto start = scene.done(kRmiRttReadEntry, {rd, 0x40000000, 1});  // the starting level is legal
  CHECK(start.regs.x[2] == 0);
  CHECK(start.regs.x[3] == 0);
}

TEST_CASE("MAP_UNPROTECTED: reserved MemAttr and fields that are not the host's are refused") {
  for (const std::uint64_t desc : std::initializer_list<std::uint64_t>{
           (kDesc & ~(7ULL << 2)) | (4ULL << 2), kDesc | (1ULL << 5), kDesc | (1ULL << 8), kDesc | (1ULL << 10),
           kDesc | (1ULL << 53), kDesc | 3}) {
    Scene scene;
    const auto outcomes = failures(scene, kRmiRttMapUnprotected, {scene.made.value, kHalf + 0x1000, 3, desc});
    REQUIRE(outcomes.size() == 1);
    CHECK(outcomes[0].condition == "attr_valid");
  }
}

TEST_CASE("REALM_CREATE: widths, starting levels and numbers of tables as the architecture pairs them") {
  struct Config {
    std::uint8_t width;
    std::int64_t level;
    std::uint32_t tables;
    bool valid;
  };
  for (const Config& config :
       {Config{40, 1, 2, true}, Config{39, 1, 1, true}, Config{43, 1, 16, true}, Config{44, 1, 32, false},
        Config{48, 0, 1, true}, Config{40, 0, 1, true}, Config{39, 0, 1, false}, Config{32, 2, 4, true},
        Config{32, 1, 1, true}, Config{34, 2, 16, true}, Config{35, 2, 32, false}, Config{40, 1, 1, false},
        Config{40, 4, 1, false}, Config{40, -1, 1, false}, Config{40, 1, 0, false}, Config{40, 1, 3, false}}) {
    INFO(int{config.width} << " " << config.level << " " << config.tables);
    Bench bench;
    auto params = bench.realm_params();
    params.s2sz = config.width;
    params.rtt_level_start = config.level;
    params.rtt_num_start = config.tables;
    params.rtt_base = kDram.value + 0x100000;
    for (std::uint64_t i = 0; i < config.tables; ++i) bench.delegated({params.rtt_base + i * kPage});
    const Pa page = bench.granule();
    bench.show(page, params);
    const auto outcomes = bench.allowed(Bench::host(kRmiRealmCreate, {bench.delegated().value, page.value}));
    CHECK((reported(outcomes, "rtt_num_level") == nullptr) == config.valid);
    CHECK((reported(outcomes, "") != nullptr) == config.valid);
  }
}

TEST_CASE("REALM_CREATE: VMID16 absent, and a VMID that another realm has until it is destroyed") {
  Scene scene;
  Call call = scene.good(kRmiRealmCreate);
  auto params = abi::decode<RealmParams>(scene.memory_at(scene.params, kPage));
  params.vmid = 0x100;
  scene.show(scene.params, params);
  CHECK(reported(scene.allowed(call), "") != nullptr);
  scene.platform.vmid16 = false;
  CHECK(reported(scene.allowed(call), "vmid_valid") != nullptr);
  params.vmid = scene.realm_of(scene.fresh).vmid;
  scene.show(scene.params, params);
  CHECK(reported(scene.allowed(call), "vmid_valid") != nullptr);
  scene.done(kRmiRealmDestroy, {scene.fresh.value});
  CHECK(reported(scene.allowed(call), "vmid_valid") == nullptr);
}

}  // namespace
}  // namespace rmm::spec
