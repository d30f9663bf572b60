// SPDX-License-Identifier: GPL-2.0-or-later
// The life cycle of v5 to v11: what the VMM does step by step, and the errno of each step out of turn.
#include <algorithm>
#include <cstring>
#include <vector>

#include "tests/host_kvm/kvm_bench.h"

using namespace kvmtest;

namespace {

constexpr auto kConfig = RmeAction::KVM_CAP_ARM_RME_CONFIG_REALM, kCreate = RmeAction::KVM_CAP_ARM_RME_CREATE_REALM,
               kInitRipas = RmeAction::KVM_CAP_ARM_RME_INIT_RIPAS_REALM,
               kPopulate = RmeAction::KVM_CAP_ARM_RME_POPULATE_REALM,
               kActivate = RmeAction::KVM_CAP_ARM_RME_ACTIVATE_REALM;

struct ExplicitBench : Bench {
  ExplicitBench() {
    state.behaviour.life_cycle = LifeCycle::kExplicit;
    vcpu_features = 1U << kVcpuRec;
  }
  // As Bench::build, but nothing is private before the realm is active.
  void build(unsigned count = 1) {
    Bench::build(true, count);
    REQUIRE(set_private(kRam, kRamSize, false) == 0);
  }
  void finalize_all() {
    for (unsigned i = 0; i < vcpus.size(); ++i) REQUIRE(finalize(i) == 0);
  }
  // The whole way to an active realm.
  void bring_to_life(unsigned count = 1) {
    build(count);
    REQUIRE(rme(kCreate) == 0);
    REQUIRE(rme(kInitRipas, ArmRmeInitRipas{kRam, kRamSize, {}}) == 0);
    REQUIRE(rme(kPopulate, ArmRmePopulateRealm{kRam, 0x2000, kArmRmePopulateFlagsMeasure, {}}) == 0);
    finalize_all();
    REQUIRE(rme(kActivate) == 0);
    REQUIRE(set_private(kRam, kRamSize, true) == 0);
  }
};

ArmRmeConfig hash_config(std::uint32_t algorithm) {
  ArmRmeConfig config{kArmRmeConfigHashAlgo, {}};
  std::memcpy(config.value.data(), &algorithm, sizeof(algorithm));
  return config;
}

// Fails the first call of this function id.
void fail_once(Bench& b, std::uint32_t fid) {
  b.kvm.set_smc_failure([fid, done = false](const abi::SmcRegs& in) mutable -> std::optional<abi::SmcRegs> {
    if (done || in.fid() != fid) return std::nullopt;
    done = true;
    abi::SmcRegs out;
    out.x[0] = 1;
    return out;
  });
}

}  // namespace

TEST_CASE("explicit life cycle: each RMI call is made by the step that names it, and KVM_RUN only enters") {
  ExplicitBench b;
  b.build(2);
  auto made = [&, from = std::size_t{0}]() mutable {
    std::vector<std::uint32_t> out;
    for (; from < b.rmm.calls.size(); ++from) {
      const auto fid = b.rmm.calls[from].fid();
      if (fid != kRmiGranuleDelegate && fid != kRmiRttCreate && (out.empty() || out.back() != fid)) out.push_back(fid);
    }
    return out;
  };
  using Calls = std::vector<std::uint32_t>;
  made();
  REQUIRE(b.rme(kConfig, hash_config(kArmRmeConfigHashAlgoSha256)) == 0);
  CHECK(made().empty());
  REQUIRE(b.rme(kCreate) == 0);
  CHECK(made() == Calls{kRmiRealmCreate});
  REQUIRE(b.rme(kInitRipas, ArmRmeInitRipas{kRam, kRamSize, {}}) == 0);
  CHECK(made() == Calls{kRmiRttInitRipas});
  REQUIRE(b.rme(kPopulate, ArmRmePopulateRealm{kRam, 0x2000, 0, {}}) == 0);
  CHECK(made() == Calls{kRmiDataCreate});
  REQUIRE(b.finalize(0) == 0);
  REQUIRE(b.finalize(1) == 0);
  CHECK(made() == Calls{kRmiRecAuxCount, kRmiRecCreate, kRmiRecAuxCount, kRmiRecCreate});
  REQUIRE(b.rme(kActivate) == 0);
  CHECK(made() == Calls{kRmiRealmActivate});
  CHECK(b.kvm_vm().realm.state == RealmState::kActive);
  b.exit_irq();
  REQUIRE(b.run() == 0);
  CHECK(made() == Calls{kRmiRecEnter});
}

TEST_CASE("CONFIG_REALM: hash algorithm and RPV reach REALM_CREATE; afterwards it is too late") {
  ExplicitBench b;
  b.build();
  ArmRmeConfig rpv{kArmRmeConfigRpv, {}};
  for (std::size_t i = 0; i < rpv.value.size(); ++i) rpv.value[i] = static_cast<std::uint8_t>(i + 1);
  CHECK(b.rme(kConfig, rpv) == 0);
  CHECK(b.rme(kConfig, hash_config(kArmRmeConfigHashAlgoSha512)) == 0);
  CHECK(b.rme(kConfig, hash_config(2)) == -kEINVAL);
  CHECK(b.rme(kConfig, ArmRmeConfig{2, {}}) == -kEINVAL);  // no planes on this host
  CHECK(b.rme(kConfig, 0x1000) == -kEFAULT);
  REQUIRE(b.rme(kCreate) == 0);
  const auto& params = b.rmm.only_realm().params;
  CHECK(params.hash_algo == static_cast<std::uint8_t>(HashAlgorithm::kSha512));
  CHECK(std::equal(params.rpv.begin(), params.rpv.end(), rpv.value.begin()));
  CHECK(b.rme(kConfig, rpv) == -kEBUSY);
  CHECK(b.rme(kConfig, ArmRmeConfig{2, {}}) == -kEBUSY);
}

TEST_CASE("CONFIG_REALM: a hash algorithm that the RMM lacks is EINVAL") {
  ExplicitBench b;
  b.build();
  auto features = FeatureRegister0::from_raw(b.state.rmi.feat_reg0);
  features.hash_sha_512 = false;
  b.state.rmi.feat_reg0 = features.raw();
  CHECK(b.rme(kConfig, hash_config(kArmRmeConfigHashAlgoSha512)) == -kEINVAL);
  CHECK(b.rme(kConfig, hash_config(kArmRmeConfigHashAlgoSha256)) == 0);
}

TEST_CASE("CREATE_REALM works once") {
  ExplicitBench b;
  b.bring_to_life();
  CHECK(b.rme(kCreate) == -kEEXIST);  // created means: not NONE
  CHECK(b.rmm.count(kRmiRealmCreate) == 1);
  ExplicitBench refused;
  refused.build();
  fail_once(refused, kRmiRealmCreate);
  CHECK(refused.rme(kCreate) == -kENXIO);
  CHECK(refused.kvm_vm().realm.state == RealmState::kNone);
}

TEST_CASE("R30: INIT_RIPAS_REALM of nothing succeeds without a call, of a range that wraps fails") {
  ExplicitBench b;
  b.build();
  CHECK(b.rme(kInitRipas, ArmRmeInitRipas{kRam, 0x1000, {}}) == -kEPERM);  // no realm yet
  REQUIRE(b.rme(kCreate) == 0);
  CHECK(b.rme(kInitRipas, ArmRmeInitRipas{kRam, 0, {}}) == 0);
  CHECK(b.rmm.count(kRmiRttInitRipas) == 0);
  CHECK(b.rme(kInitRipas, ArmRmeInitRipas{~0xfffULL, 0x2000, {}}) == -kEINVAL);
  CHECK(b.rme(kInitRipas, 0x1000) == -kEFAULT);
  CHECK(b.rmm.count(kRmiRttInitRipas) == 0);
  CHECK(b.rme(kInitRipas, ArmRmeInitRipas{kRam + 0x1000, 0x3000, {}}) == 0);
  for (std::uint64_t page = 0; page < 5; ++page)
    CHECK(b.rmm.entry_at(kRam + page * 0x1000).ripas == (page >= 1 && page < 4 ? Ripas::kRam : Ripas::kEmpty));
}

TEST_CASE("INIT_RIPAS_REALM wants a realm that is NEW, by equality") {
  ExplicitBench b;
  b.bring_to_life();
  const auto calls = b.rmm.count(kRmiRttInitRipas);
  CHECK(b.rme(kInitRipas, ArmRmeInitRipas{kRam, 0x1000, {}}) == -kEPERM);
  CHECK(b.rme(kInitRipas, ArmRmeInitRipas{kRam, 0, {}}) == -kEPERM);
  b.kvm_vm().realm.state = RealmState::kDead;
  CHECK(b.rme(kInitRipas, ArmRmeInitRipas{kRam, 0x1000, {}}) == -kEPERM);
  b.kvm_vm().realm.state = RealmState::kActive;
  CHECK(b.rmm.count(kRmiRttInitRipas) == calls);
}

TEST_CASE("R29: INIT_RIPAS_REALM over a populated page is an error of the VMM, not stepped over") {
  ExplicitBench b;
  b.build();
  REQUIRE(b.rme(kCreate) == 0);
  REQUIRE(b.rme(kPopulate, ArmRmePopulateRealm{kRam + 0x1000, 0x1000, 0, {}}) == 0);
  CHECK(b.rme(kInitRipas, ArmRmeInitRipas{kRam, 0x4000, {}}) == -kEINVAL);
  CHECK(b.rmm.entry_at(kRam).ripas == Ripas::kRam);  // what came before it
  CHECK(b.rmm.entry_at(kRam + 0x2000).ripas == Ripas::kEmpty);
}

TEST_CASE("POPULATE_REALM copies from the slot's own user mapping, measured or not") {
  ExplicitBench b;
  b.build();
  REQUIRE(b.rme(kCreate) == 0);
  const std::vector<std::byte> image(0x3000, std::byte{0x3c});
  REQUIRE(b.kvm.user_write(b.ram + 0x4000, image) == 0);
  CHECK(b.rme(kPopulate, ArmRmePopulateRealm{kRam + 0x4000, 0x2000, kArmRmePopulateFlagsMeasure, {}}) == 0);
  CHECK(b.rme(kPopulate, ArmRmePopulateRealm{kRam + 0x6000, 0x1000, 0, {}}) == 0);
  std::vector<std::uint64_t> flags;
  for (const auto& call : b.rmm.calls)
    if (call.fid() == kRmiDataCreate && b.rmm.entry_at(call.x[3]).pa == call.x[2]) flags.push_back(call.x[5]);
  flags.erase(std::unique(flags.begin(), flags.end()), flags.end());
  CHECK(flags == std::vector<std::uint64_t>{kDataFlagMeasure, 0});
  for (const std::uint64_t at : {0x4000ULL, 0x5000ULL, 0x6000ULL}) {
    const auto& entry = b.rmm.entry_at(kRam + at);
    CHECK(entry.state == RmiRttEntryState::kAssigned);
    CHECK(b.memory.raw(entry.pa)[99] == std::byte{0x3c});
  }
}

TEST_CASE("POPULATE_REALM refuses bad arguments and the wrong moment") {
  ExplicitBench b;
  b.build();
  const auto populate = [&](std::uint64_t base, std::uint64_t size, std::uint32_t flags = 0) {
    return b.rme(kPopulate, ArmRmePopulateRealm{base, size, flags, {}});
  };
  CHECK(populate(kRam, 0x1000) == -kEPERM);
  REQUIRE(b.rme(kCreate) == 0);
  CHECK(populate(kRam + 8, 0x1000) == -kEINVAL);
  CHECK(populate(kRam, 0x1008) == -kEINVAL);
  CHECK(populate(kRam, 0x1000, 2) == -kEINVAL);
  CHECK(populate(~0xfffULL, 0x2000) == -kEINVAL);
  CHECK(populate(0x1000, 0x1000) == -kEFAULT);                    // no slot
  CHECK(populate(kRam + kRamSize - 0x1000, 0x2000) == -kEINVAL);  // more than the slot
  CHECK(b.rme(kPopulate, 0x1000) == -kEFAULT);
  CHECK(populate(kRam, 0) == 0);
  UserspaceMemoryRegion2 plain{1, 0, 0x1000'0000, 0x1000, b.ram.value, 0, 0, 0};
  REQUIRE(b.ioctl(b.vm, Ioctl::KVM_SET_USER_MEMORY_REGION2, &plain) == 0);
  CHECK(populate(0x1000'0000, 0x1000) == -kEPERM);  // no guest_memfd
  CHECK(b.rmm.count(kRmiDataCreate) == 0);
  CHECK(populate(kRam, 0x1000) == 0);
  CHECK(populate(kRam, 0x1000) == -kENXIO);  // R42
  b.finalize_all();
  REQUIRE(b.rme(kActivate) == 0);
  CHECK(populate(kRam + 0x1000, 0x1000) == -kEPERM);
}

TEST_CASE("ACTIVATE_REALM: only when NEW, ENXIO if the RMM refuses, and then again") {
  ExplicitBench b;
  b.build();
  CHECK(b.rme(kActivate) == -kEINVAL);
  REQUIRE(b.rme(kCreate) == 0);
  b.finalize_all();
  fail_once(b, kRmiRealmActivate);
  CHECK(b.rme(kActivate) == -kENXIO);
  CHECK(b.kvm_vm().realm.state == RealmState::kNew);
  CHECK(b.rme(kActivate) == 0);
  CHECK(b.rme(kActivate) == -kEINVAL);
}

TEST_CASE("KVM_ENABLE_CAP: unknown actions, flags, other capabilities and plain VMs are EINVAL") {
  ExplicitBench b;
  b.build();
  CHECK(b.rme(static_cast<RmeAction>(5)) == -kEINVAL);
  EnableCap cap{static_cast<std::uint32_t>(Cap::KVM_CAP_ARM_RME), 1, {1}};
  CHECK(b.ioctl(b.vm, Ioctl::KVM_ENABLE_CAP, &cap) == -kEINVAL);
  cap = {static_cast<std::uint32_t>(Cap::KVM_CAP_ARM_MTE), 0, {1}};
  CHECK(b.ioctl(b.vm, Ioctl::KVM_ENABLE_CAP, &cap) == -kEINVAL);
  CHECK(b.rmm.realms.empty());
  CHECK(b.ioctl(b.vm, Ioctl::KVM_CHECK_EXTENSION, static_cast<std::uint64_t>(Cap::KVM_CAP_ARM_RME)) == 1);
  ExplicitBench plain;
  plain.Bench::build(false);
  CHECK(plain.rme(kCreate) == -kEINVAL);
}

TEST_CASE("KVM_ARM_VCPU_FINALIZE creates the REC of a vCPU with the REC feature, once, of a realm that is NEW") {
  ExplicitBench b;
  b.build(2);
  CHECK(b.finalize() == -kENOENT);  // no realm
  REQUIRE(b.rme(kCreate) == 0);
  CHECK(b.finalize(0, kVcpuSve) == -kEINVAL);
  CHECK(b.ioctl(b.vcpus[0], Ioctl::KVM_ARM_VCPU_FINALIZE) == -kEFAULT);
  CHECK(b.finalize() == 0);
  CHECK(b.rmm.recs.size() == 1);
  CHECK(b.finalize() == -kEBUSY);
  REQUIRE(b.rme(kActivate) == 0);
  CHECK(b.finalize(1) == -kENOENT);  // not NEW any more
  CHECK(b.run(1) == -kEPERM);        // so that this vCPU can never run
}

TEST_CASE("KVM_ARM_VCPU_FINALIZE wants KVM_ARM_VCPU_INIT, the REC feature, PSCI 0.2 and a realm") {
  ExplicitBench b;
  b.create_vm(true);
  b.add_memory(true);
  b.add_gic();
  REQUIRE(b.rme(kCreate) == 0);
  const auto create = [&](std::uint64_t id) {
    b.vcpus.push_back({static_cast<int>(b.ioctl(b.vm, Ioctl::KVM_CREATE_VCPU, id))});
  };
  const auto init = [&](unsigned vcpu, std::uint32_t features) {
    VcpuInit init;
    REQUIRE(b.ioctl(b.vm, Ioctl::KVM_ARM_PREFERRED_TARGET, &init) == 0);
    init.features[0] = features;
    return b.ioctl(b.vcpus[vcpu], Ioctl::KVM_ARM_VCPU_INIT, &init);
  };
  create(0);
  CHECK(b.finalize() == -kENOEXEC);
  REQUIRE(init(0, 1U << kVcpuPsci02) == 0);
  CHECK(b.finalize() == -kEINVAL);
  create(1);
  REQUIRE(init(1, 1U << kVcpuRec) == 0);
  CHECK(b.finalize(1) == -kEINVAL);  // PSCI 0.2 is mandatory
  CHECK(b.rmm.recs.empty());
  ExplicitBench plain;
  plain.Bench::build(false);
  CHECK(plain.finalize() == -kEINVAL);
}

TEST_CASE("KVM_RUN before the vCPU is finalized and the realm active is EPERM") {
  ExplicitBench b;
  b.build(2);
  CHECK(b.run() == -kEPERM);
  REQUIRE(b.rme(kCreate) == 0);
  CHECK(b.run() == -kEPERM);
  REQUIRE(b.finalize(0) == 0);
  CHECK(b.run() == -kEPERM);
  REQUIRE(b.finalize(1) == 0);
  REQUIRE(b.rme(kActivate) == 0);
  b.exit_irq();
  CHECK(b.run() == 0);
  CHECK(b.rmm.count(kRmiRecEnter) == 2);
}

TEST_CASE("a realm of the explicit life cycle without an in-kernel irqchip cannot run") {
  ExplicitBench b;
  b.create_vm(true);
  b.add_memory(true);
  b.add_vcpus(1);
  REQUIRE(b.rme(kCreate) == 0);
  b.finalize_all();
  REQUIRE(b.rme(kActivate) == 0);
  CHECK(b.run() == -kEOPNOTSUPP);
}

TEST_CASE("neither life cycle has the other's ioctls") {
  ExplicitBench b;
  b.build();
  ArmRmiPopulate populate{kRam, 4096, b.ram.value, 0, 0};
  CHECK(b.ioctl(b.vm, Ioctl::KVM_ARM_RMI_POPULATE, &populate) == -kENOTTY);
  Bench implicit;
  implicit.build(true);
  for (const auto action : {kConfig, kCreate, kInitRipas, kPopulate, kActivate})
    CHECK(implicit.rme(action) == -kEINVAL);
  CHECK(implicit.finalize() == -kEINVAL);
  VcpuInit init;
  REQUIRE(implicit.ioctl(implicit.vm, Ioctl::KVM_ARM_PREFERRED_TARGET, &init) == 0);
  init.features[0] = 1U << kVcpuPsci02 | 1U << kVcpuRec;
  CHECK(implicit.ioctl(implicit.vcpus[0], Ioctl::KVM_ARM_VCPU_INIT, &init) == -kEINVAL);
  CHECK(implicit.rmm.calls.size() == implicit.rmm.count(kRmiVersion) + implicit.rmm.count(kRmiFeatures));
}

TEST_CASE("explicit life cycle: nothing is leaked after teardown, at whatever step it ends") {
  for (int steps = 0; steps <= 5; ++steps) {
    INFO("steps " << steps);
    ExplicitBench b;
    b.build(2);
    if (steps > 0) REQUIRE(b.rme(kCreate) == 0);
    if (steps > 1) REQUIRE(b.rme(kInitRipas, ArmRmeInitRipas{kRam, kRamSize, {}}) == 0);
    if (steps > 2) REQUIRE(b.rme(kPopulate, ArmRmePopulateRealm{kRam, 0x4000, 0, {}}) == 0);
    if (steps > 3) REQUIRE(b.finalize(0) == 0);
    if (steps > 4) {
      REQUIRE(b.finalize(1) == 0);
      REQUIRE(b.rme(kActivate) == 0);
      REQUIRE(b.set_private(kRam, kRamSize, true) == 0);
      b.exit_abort(kRam + 0x10000, 0);
      REQUIRE(b.run() == 0);
    }
    b.close_all();
    CHECK(b.rmm.granules.empty());
    CHECK(b.rmm.realms.empty());
    CHECK(b.pages_in_use() == 0);
    CHECK(b.state.pages.leaked.empty());
    CHECK(b.state.vmids[0] == 1);
  }
}

TEST_CASE("explicit life cycle: any one refused delegation is an error of its step and leaks nothing") {
  unsigned failures = 0;
  for (std::uint64_t fail = 0; fail < 24; ++fail) {
    INFO("delegation " << fail);
    ExplicitBench b;
    b.build(2);
    std::uint64_t seen = 0;
    b.kvm.set_smc_failure([&](const abi::SmcRegs& in) -> std::optional<abi::SmcRegs> {
      if (in.fid() != kRmiGranuleDelegate || seen++ != fail) return std::nullopt;
      abi::SmcRegs out;
      out.x[0] = 1;
      return out;
    });
    std::vector<long> results = {b.rme(kCreate), b.rme(kInitRipas, ArmRmeInitRipas{kRam, kRamSize, {}}),
                                 b.rme(kPopulate, ArmRmePopulateRealm{kRam, 0x2000, 0, {}}), b.finalize(0),
                                 b.finalize(1)};
    const auto first = std::find_if(results.begin(), results.end(), [](long r) { return r != 0; });
    if (first != results.end()) {
      ++failures;
      CHECK((*first == -kENXIO || *first == -kENOMEM));
    }
    b.kvm.set_smc_failure({});
    b.close_all();
    CHECK(b.rmm.granules.empty());
    CHECK(b.pages_in_use() == 0);
    CHECK(b.state.pages.leaked.empty());
  }
  CHECK(failures > 10);
}
