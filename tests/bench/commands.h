// SPDX-License-Identifier: GPL-2.0-or-later
// The RMI commands of the reference figures, as a host calls them: SMC registers in, SMC registers out. Each call must
// succeed. A World has
//   abi::SmcRegs smc(const abi::SmcRegs&)          an SMC of the host
//   void put(abi::Pa, std::span<const std::byte>)  what the host writes into a Non-secure granule
//   static constexpr abi::Pa kFree                 DRAM that nobody uses, 64 MiB from here on
//   void between()                                 called between two batches
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <vector>

#include <fmt/format.h>

#include "rmm/abi/smc.h"
#include "rmm/abi/v1_0/function_ids.h"
#include "rmm/abi/v1_0/structures.h"
#include "rmm/abi/v1_0/types.h"
#include "tests/bench/batches.h"
#include "tests/bench/failure.h"

namespace bench {

namespace rmi = abi::v1_0;

inline constexpr abi::Ipa kRam{0x4000'0000};
inline constexpr std::uint8_t kIpaWidth = 33;  // starting level 1
inline constexpr std::uint64_t kShared = 1ULL << (kIpaWidth - 1);

template <class World>
class Host {
 public:
  explicit Host(World& world) : world_(world) {}

  // One RMI command, which must succeed.
  template <class... Args>
  void call(std::uint32_t fid, Args... args) {
    registers_.x[0] = fid;
    std::size_t i = 1;
    ((registers_.x[i++] = value(args)), ...);
    const abi::SmcRegs out = world_.smc(registers_);
    if (out.x[0] != 0) [[unlikely]]
      throw Failure(fmt::format("RMI {:#x} answered {:#x}", fid, out.x[0]));
  }
  template <class Struct>
  void put(abi::Pa pa, const Struct& what) {
    std::vector<std::byte> wire(abi::Layout<Struct>::kSize);
    abi::encode(what, wire);
    world_.put(pa, wire);
  }
  World& world() { return world_; }

  // Granules never handed out before.
  abi::Pa ns(std::uint64_t count = 1) {
    const abi::Pa pa = next_;
    next_ += count * abi::kGranuleSize;
    return pa;
  }
  abi::Pa delegated() {
    const abi::Pa pa = ns();
    call(rmi::kRmiGranuleDelegate, pa);
    return pa;
  }

  // A NEW realm with one level 3 table for kRam.
  abi::Pa new_realm(std::uint16_t vmid) {
    rmi::RealmParams p;
    p.s2sz = kIpaWidth;
    p.num_bps = p.num_wps = 1;
    p.vmid = vmid;
    p.rtt_base = delegated().value;
    p.rtt_level_start = 1;
    p.rtt_num_start = 1;
    const abi::Pa rd = delegated(), params = ns();
    put(params, p);
    call(rmi::kRmiRealmCreate, rd, params);
    call(rmi::kRmiRttCreate, rd, delegated(), kRam, 2);
    call(rmi::kRmiRttCreate, rd, delegated(), kRam, 3);
    return rd;
  }
  rmi::RecParams rec_params(unsigned num_aux) {
    rmi::RecParams p;
    p.flags = rmi::kRecFlagRunnable;
    p.pc = kRam.value;
    p.num_aux = num_aux;
    for (unsigned i = 0; i < num_aux; ++i) p.aux[i] = delegated().value;
    return p;
  }

 private:
  template <class T>
  static std::uint64_t value(T v) {
    if constexpr (requires { v.value; })
      return v.value;
    else
      return static_cast<std::uint64_t>(v);
  }

  World& world_;
  abi::SmcRegs registers_;  // those that a call does not use keep what they had
  abi::Pa next_ = World::kFree;
};

// `batches` of each command that needs no running REC. `num_aux`: what the monitor says a REC needs.
template <class World>
std::vector<Figure> measure_commands(World& world, unsigned batches, unsigned num_aux) {
  constexpr std::uint64_t kEach = 128;  // operations of a batch that leave something behind
  Host<World> host(world);
  std::vector<Figure> figures;
  const auto repeat = [&](std::string name, std::uint64_t operations, const std::function<void()>& batch) {
    Batches timed(std::move(name));
    batch();  // caches, tables and lists have their size now
    for (unsigned i = 0; i < batches; ++i) {
      world.between();
      timed.add(operations, batch);
    }
    figures.push_back(timed.figure());
  };
  const auto times = [](std::uint64_t n, auto&& what) {
    for (std::uint64_t i = 0; i < n; ++i) what(i);
  };

  repeat("VERSION", 4096, [&] { times(4096, [&](auto) { host.call(rmi::kRmiVersion, rmi::kInterfaceVersion10); }); });

  const abi::Pa spare = host.ns(kEach);
  repeat("GRANULE_DELEGATE + UNDELEGATE", kEach, [&] {
    times(kEach, [&](std::uint64_t i) {
      host.call(rmi::kRmiGranuleDelegate, spare + i * abi::kGranuleSize);
      host.call(rmi::kRmiGranuleUndelegate, spare + i * abi::kGranuleSize);
    });
  });

  const abi::Pa rd = host.new_realm(1);
  const abi::Ipa other_table = kRam + (2ULL << 20);
  const abi::Pa rtt = host.delegated();
  repeat("RTT_CREATE(L3) + RTT_DESTROY", kEach, [&] {
    times(kEach, [&](auto) {
      host.call(rmi::kRmiRttCreate, rd, rtt, other_table, 3);
      host.call(rmi::kRmiRttDestroy, rd, other_table, 3);
    });
  });

  // Data: created and destroyed in turn, each timed by itself.
  std::vector<abi::Pa> data;
  for (std::uint64_t i = 0; i < kEach; ++i) data.push_back(host.delegated());
  const abi::Pa source = host.ns();
  host.world().put(source, std::vector<std::byte>(abi::kGranuleSize, std::byte{0x5a}));
  const auto ipa = [](std::uint64_t i) { return kRam + i * abi::kGranuleSize; };
  const auto destroy_all = [&] { times(kEach, [&](auto i) { host.call(rmi::kRmiDataDestroy, rd, ipa(i)); }); };
  const auto create_all = [&](Batches& timed, auto&& create) { timed.add(kEach, [&] { times(kEach, create); }); };
  const auto make_ram = [&] { host.call(rmi::kRmiRttInitRipas, rd, kRam, ipa(kEach)); };
  Batches unknown("DATA_CREATE_UNKNOWN"), read("RTT_READ_ENTRY"), destroy("DATA_DESTROY"),
      unmeasured("DATA_CREATE, unmeasured"), measured("DATA_CREATE, measured");
  for (unsigned i = 0; i < batches; ++i) {
    world.between();
    create_all(unknown, [&](auto n) { host.call(rmi::kRmiDataCreateUnknown, rd, data[n], ipa(n)); });
    create_all(read, [&](auto n) { host.call(rmi::kRmiRttReadEntry, rd, ipa(n), 3); });
    destroy.add(kEach, destroy_all);
    make_ram();
    create_all(unmeasured, [&](auto n) { host.call(rmi::kRmiDataCreate, rd, data[n], ipa(n), source, 0); });
    destroy_all();
    make_ram();
    create_all(measured,
               [&](auto n) { host.call(rmi::kRmiDataCreate, rd, data[n], ipa(n), source, rmi::kDataFlagMeasure); });
    destroy_all();
  }
  for (const Batches* timed : {&unknown, &read, &destroy, &unmeasured, &measured}) figures.push_back(timed->figure());

  // The realm's index of RECs only grows: each batch needs a realm of its own, destroyed afterwards.
  Batches recs("REC_CREATE + REC_DESTROY");
  constexpr std::uint64_t kRecs = 16;
  const abi::Pa rec = host.delegated(), params = host.ns(kRecs);
  const abi::Pa rec_rd = host.delegated(), rec_rtt = host.delegated(), rec_realm_params = host.ns();
  rmi::RecParams rec_params = host.rec_params(num_aux);
  for (std::uint64_t i = 0; i < kRecs; ++i) {
    rec_params.mpidr = i;
    host.put(params + i * abi::kGranuleSize, rec_params);
  }
  rmi::RealmParams realm_params;
  realm_params.s2sz = kIpaWidth;
  realm_params.num_bps = realm_params.num_wps = 1;
  realm_params.vmid = 2;
  realm_params.rtt_base = rec_rtt.value;
  realm_params.rtt_level_start = 1;
  realm_params.rtt_num_start = 1;
  host.put(rec_realm_params, realm_params);
  for (unsigned i = 0; i < batches; ++i) {
    world.between();
    host.call(rmi::kRmiRealmCreate, rec_rd, rec_realm_params);
    recs.add(kRecs, [&] {
      times(kRecs, [&](std::uint64_t n) {
        host.call(rmi::kRmiRecCreate, rec_rd, rec, params + n * abi::kGranuleSize);
        host.call(rmi::kRmiRecDestroy, rec);
      });
    });
    host.call(rmi::kRmiRealmDestroy, rec_rd);
  }
  figures.push_back(recs.figure());
  return figures;
}

}  // namespace bench
