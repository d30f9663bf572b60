// SPDX-License-Identifier: GPL-2.0-or-later
// A machine whose monitor a test breaks on purpose: the monitor that firmware calls is replaced by one with the same
// state over other ports, or with another row for a command. Precondition: the machine has not run.
#pragma once

#include <functional>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include "rmm/call/row.h"
#include "rmm/monitor.h"
#include "sim/app/machine.h"

namespace broken {

// Forgets the invalidations that `forgets` names; invalidate_all comes with the whole IPA space.
class ForgetfulTlb : public rmm::port::Tlb {
 public:
  explicit ForgetfulTlb(rmm::port::Tlb& inner) : inner_(inner) {}
  std::function<bool(abi::Vmid, abi::IpaRange)> forgets;

  void invalidate(abi::Vmid vmid, abi::IpaRange range) override {
    if (!forgets || !forgets(vmid, range)) inner_.invalidate(vmid, range);
  }
  void invalidate_all(abi::Vmid vmid) override {
    if (!forgets || !forgets(vmid, {abi::Ipa{0}, abi::Ipa{~0ULL}})) inner_.invalidate_all(vmid);
  }

 private:
  rmm::port::Tlb& inner_;
};

// Forgets the wipes that `forgets` names, and writes to the host what `distorts` makes of it.
class ForgetfulMemory : public rmm::port::GranuleMemory {
 public:
  explicit ForgetfulMemory(rmm::port::GranuleMemory& inner) : inner_(inner) {}
  std::function<bool(abi::GranulePa)> forgets;
  std::function<void(std::span<std::byte>)> distorts;

  tl::expected<void, rmm::port::Gpf> read_ns(abi::Pa pa, std::span<std::byte> out) override {
    return inner_.read_ns(pa, out);
  }
  tl::expected<void, rmm::port::Gpf> write_ns(abi::Pa pa, std::span<const std::byte> in) override {
    if (!distorts) return inner_.write_ns(pa, in);
    std::vector<std::byte> bytes(in.begin(), in.end());
    distorts(bytes);
    return inner_.write_ns(pa, bytes);
  }
  void read(abi::Pa pa, std::span<std::byte> out) override { inner_.read(pa, out); }
  void write(abi::Pa pa, std::span<const std::byte> in) override { inner_.write(pa, in); }
  std::uint64_t read64(abi::Pa pa) override { return inner_.read64(pa); }
  void write64(abi::Pa pa, std::uint64_t value) override { inner_.write64(pa, value); }
  void wipe(abi::GranulePa granule) override {
    if (!forgets || !forgets(granule)) inner_.wipe(granule);
  }
  std::span<const std::byte> peek(abi::GranulePa granule) override { return inner_.peek(granule); }

 private:
  rmm::port::GranuleMemory& inner_;
};

class MonitorOfMachine {
 public:
  MonitorOfMachine(sim::app::Machine& machine, const rmm::port::Platform& ports, const rmm::core::Limits& limits)
      : ports_(ports), limits_(limits), state_(machine.state().monitor), monitor_(ports, limits, state_) {
    machine.firmware().set_monitor([this](rmm::port::Pe& pe, const abi::SmcRegs& regs) {
      running_ = regs.fid();
      const auto row = rows_.find(regs.fid());
      abi::SmcRegs out = row == rows_.end() ? monitor_.rmi(pe, regs)
                                            : row->second.run({ports_, state_, limits_, monitor_.switches()}, pe, regs);
      if (distorts) distorts(regs, out);
      return out;
    });
  }
  // What the host gets, after the monitor has done its work.
  std::function<void(const abi::SmcRegs& in, abi::SmcRegs& out)> distorts;
  void replace(const rmm::call::Row& row) { rows_[row.command->fid] = row; }
  // The function id of the RMI command that was called last.
  std::uint32_t last_called() const { return running_; }

 private:
  rmm::port::Platform ports_;
  rmm::core::Limits limits_;
  rmm::core::MonitorState& state_;
  rmm::Monitor monitor_;
  std::uint32_t running_ = 0;
  std::map<std::uint32_t, rmm::call::Row> rows_;
};

}  // namespace broken
