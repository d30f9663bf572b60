// SPDX-License-Identifier: GPL-2.0-or-later
// A monitor on the fake platform under the abstract model, as under --check=model. A test may replace rows of its table
// by wrong ones.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "rmm/abi/arch/esr.h"
#include "rmm/call/row.h"
#include "rmm/check/model_check.h"
#include "rmm/v1_0/commands.h"
#include "tests/rmm/rmi_bench.h"

namespace judged {

// Tells the bench's recorder and the check.
class Both : public rmm::port::Observer {
 public:
  explicit Both(rmm::port::Observer& first) : first_(first) {}
  rmm::port::Observer* second = nullptr;

  void command_begin(const rmm::port::CommandBegin& e) override { first_.command_begin(e); }
  void command_end(const rmm::port::CommandEnd& e) override {
    first_.command_end(e);
    second->command_end(e);
  }
  void granule_transition(const rmm::port::GranuleTransition& e) override {
    first_.granule_transition(e);
    second->granule_transition(e);
  }
  void rtt_write(const rmm::port::RttWrite& e) override {
    first_.rtt_write(e);
    second->rtt_write(e);
  }
  void realm_state(abi::Pa rd, std::string_view from, std::string_view to) override {
    second->realm_state(rd, from, to);
  }
  void rec_exit(const rmm::port::RecExitEvent& e) override { second->rec_exit(e); }
  void ns_read(abi::Pa pa, std::uint64_t size) override { first_.ns_read(pa, size); }

 private:
  rmm::port::Observer& first_;
};

class Judged {
 public:
  Judged() : bench({}, [this](const rmm::port::Platform& plain) { return wire(plain); }) {
    bench.firmware = [this](const abi::SmcRegs& regs) {
      return check->rmi(bench.platform.pe, regs,
                        [this](rmm::port::Pe& pe, const abi::SmcRegs& given) { return run(pe, given); });
    };
  }

  // From now on the command is what `row` makes of it.
  void replace(const rmm::call::Row& row) { rows_[row.command->fid] = row; }
  // The realm's next act is an SMC with these X0, X1, ...
  void smc(abi::Pa rec, std::vector<std::uint64_t> args) {
    bench.cpu(rec).script.emplace_back([args = std::move(args)](fake::RealmCpu& cpu) {
      for (unsigned i = 0; i < args.size(); ++i) cpu.set_x(i, args[i]);
      return abi::Exception{.esr = abi::esr::make(abi::esr::Ec::kSmc64, 0)};
    });
  }
  void raise(abi::Pa rec, const abi::Exception& exception) {
    bench.cpu(rec).script.emplace_back([exception](fake::RealmCpu&) { return exception; });
  }
  rmi::RecExit enter(abi::Pa rec, const rmi::RecEnter& with = {}) {
    const abi::Pa page = bench.ns();
    bench.put(page, with);
    bench.succeeds(rmi::kRmiRecEnter, rec, page);
    const std::byte* bytes = bench.platform.memory.bytes(page + abi::v1_0::kRecRunExitOffset);
    return abi::decode<rmi::RecExit>(std::span(bytes, abi::Layout<rmi::RecExit>::kSize));
  }
  // Nothing was found, and something was looked at.
  void expect_none() {
    check->read_back();
    if (check->difference())
      for (const std::string& line : check->difference()->lines) UNSCOPED_INFO(line);
    CHECK_FALSE(check->difference());
    CHECK(check->transitions() > 0);
    CHECK(check->read_backs() > 0);
  }

  std::unique_ptr<Both> observers;
  std::unique_ptr<rmm::check::ModelCheck> check;
  std::unique_ptr<rmm::port::Platform> ports;  // the watched ones
  rmi::Bench bench;

 private:
  // Runs while `bench` is under construction: its platform and recorder are there, its monitor's state has its address.
  rmm::port::Platform wire(const rmm::port::Platform& plain) {
    observers = std::make_unique<Both>(*plain.observer);
    const rmm::port::Platform machine{plain.memory, plain.gpt,     plain.tlb,       plain.cpus,       plain.sync,
                                      plain.clock,  plain.entropy, observers.get(), plain.attestation};
    check = std::make_unique<rmm::check::ModelCheck>(machine, bench.state, rmm::core::Limits{});
    observers->second = check.get();
    ports = std::make_unique<rmm::port::Platform>(check->watched_platform());
    return *ports;
  }
  abi::SmcRegs run(rmm::port::Pe& pe, const abi::SmcRegs& regs) {
    const auto row = rows_.find(regs.fid());
    if (row == rows_.end()) return bench.monitor.rmi(pe, regs);
    return row->second.run({*ports, bench.state, bench.monitor.limits(), bench.monitor.switches()}, pe, regs);
  }

  std::map<std::uint32_t, rmm::call::Row> rows_;
};

}  // namespace judged
