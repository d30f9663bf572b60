// SPDX-License-Identifier: GPL-2.0-or-later
// RMI_REC_ENTER of one REC again and again, its exit included.
#pragma once

#include <cstring>

#include "tests/bench/commands.h"

namespace bench {

// What the guest of the bench does, whatever runs it: reads a shared address for ever. The host answers each read.
inline constexpr std::array<std::uint32_t, 2> kReadsForEver = {
    0xb9400020,  // ldr w0, [x1]
    0x17ffffff,  // b to the line above
};
inline constexpr std::uint64_t kReadAddress = kShared + 0x1000;

// A REC of an ACTIVE realm in the World, entered with the same entry structure each time.
template <class World>
class RecEntries {
 public:
  RecEntries(World& world, unsigned num_aux) : host_(world), run_(host_.ns()) {
    const abi::Pa rd = host_.new_realm(3), code = host_.ns(), params = host_.ns();
    rec_ = host_.delegated();
    std::vector<std::byte> bytes(abi::kGranuleSize);
    std::memcpy(bytes.data(), kReadsForEver.data(), sizeof kReadsForEver);
    world.put(code, bytes);
    host_.call(rmi::kRmiRttInitRipas, rd, kRam, kRam + abi::kGranuleSize);
    host_.call(rmi::kRmiDataCreate, rd, host_.delegated(), kRam, code, 0);
    rmi::RecParams rec_params = host_.rec_params(num_aux);
    rec_params.gprs[1] = kReadAddress;
    host_.put(params, rec_params);
    host_.call(rmi::kRmiRecCreate, rd, rec_, params);
    host_.call(rmi::kRmiRealmActivate, rd);
  }

  // What each entry from now on gives the monitor.
  void set_entry(std::uint64_t flags) { host_.put(run_ + rmi::kRecRunEnterOffset, rmi::RecEnter{.flags = flags}); }
  void enter() { host_.call(rmi::kRmiRecEnter, rec_, run_); }
  rmi::RecExit last_exit() {
    std::vector<std::byte> wire(abi::Layout<rmi::RecExit>::kSize);
    host_.world().get(run_ + rmi::kRecRunExitOffset, wire);
    return abi::decode<rmi::RecExit>(wire);
  }

  Figure measure(const std::string& name, unsigned batches, rmi::RecExitReason expected) {
    constexpr std::uint64_t kEntries = 128;
    Batches timed(name);
    for (unsigned i = 0; i < batches; ++i) {
      host_.world().between();
      timed.add(kEntries, [&] {
        for (std::uint64_t n = 0; n < kEntries; ++n) enter();
      });
      if (const auto exit = last_exit(); exit.exit_reason != static_cast<std::uint8_t>(expected))
        throw Failure(fmt::format("{}: exit reason {}", name, exit.exit_reason));
    }
    return timed.figure();
  }

 private:
  Host<World> host_;
  abi::Pa run_;
  abi::Pa rec_;
};

}  // namespace bench
