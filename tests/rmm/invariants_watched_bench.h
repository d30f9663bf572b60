// SPDX-License-Identifier: GPL-2.0-or-later
// A monitor whose ports are watched, as under --check, and which a test breaks on purpose: by the machine below the
// checks, by a row of its table, by a condition that is switched off, or by tampering with its state.
#pragma once

#include <algorithm>
#include <cstring>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <set>
#include <string>

#include <catch2/matchers/catch_matchers_string.hpp>

#include "rmm/abi/arch/esr.h"
#include "rmm/call/row.h"
#include "rmm/check/invariants.h"
#include "rmm/v1_0/commands.h"
#include "tests/rmm/rmi_bench.h"

namespace watched {

using abi::GranulePa;

// GranuleMemory of a machine that does not always do what it is told.
class FaultyMemory : public rmm::port::GranuleMemory {
 public:
  explicit FaultyMemory(rmm::port::GranuleMemory& inner) : inner_(inner) {}
  bool skips_wipes = false;
  std::function<void(std::span<std::byte>)> distorts;  // what is written at once to a whole granule

  tl::expected<void, rmm::port::Gpf> read_ns(abi::Pa pa, std::span<std::byte> out) override {
    return inner_.read_ns(pa, out);
  }
  tl::expected<void, rmm::port::Gpf> write_ns(abi::Pa pa, std::span<const std::byte> in) override {
    return inner_.write_ns(pa, in);
  }
  void read(abi::Pa pa, std::span<std::byte> out) override { inner_.read(pa, out); }
  void write(abi::Pa pa, std::span<const std::byte> in) override {
    std::vector<std::byte> bytes(in.begin(), in.end());
    if (distorts && bytes.size() == abi::kGranuleSize) distorts(bytes);
    inner_.write(pa, bytes);
  }
  std::uint64_t read64(abi::Pa pa) override { return inner_.read64(pa); }
  void write64(abi::Pa pa, std::uint64_t value) override { inner_.write64(pa, value); }
  void wipe(GranulePa granule) override {
    if (!skips_wipes) inner_.wipe(granule);
  }
  std::span<const std::byte> peek(GranulePa granule) override { return inner_.peek(granule); }

 private:
  rmm::port::GranuleMemory& inner_;
};

// Tells the bench's recorder and the checks.
class Both : public rmm::port::Observer {
 public:
  explicit Both(rmm::port::Observer& first) : first_(first) {}
  rmm::port::Observer* second = nullptr;

  void command_begin(const rmm::port::CommandBegin& e) override {
    tell([&](auto& o) { o.command_begin(e); });
  }
  void command_end(const rmm::port::CommandEnd& e) override {
    tell([&](auto& o) { o.command_end(e); });
  }
  void granule_transition(const rmm::port::GranuleTransition& e) override {
    tell([&](auto& o) { o.granule_transition(e); });
  }
  void rtt_write(const rmm::port::RttWrite& e) override {
    tell([&](auto& o) { o.rtt_write(e); });
  }
  void ripas_change(const rmm::port::RipasChange& e) override {
    tell([&](auto& o) { o.ripas_change(e); });
  }
  void realm_state(abi::Pa rd, std::string_view from, std::string_view to) override {
    tell([&](auto& o) { o.realm_state(rd, from, to); });
  }
  void rec_enter(const rmm::port::RecEntry& e) override {
    tell([&](auto& o) { o.rec_enter(e); });
  }
  void rec_exit(const rmm::port::RecExitEvent& e) override {
    tell([&](auto& o) { o.rec_exit(e); });
  }
  void trap(const rmm::port::TrapEvent& e) override {
    tell([&](auto& o) { o.trap(e); });
  }
  void ns_read(abi::Pa pa, std::uint64_t size) override {
    tell([&](auto& o) { o.ns_read(pa, size); });
  }

 private:
  template <class Event>
  void tell(Event&& event) {
    event(first_);
    if (second != nullptr) event(*second);
  }
  rmm::port::Observer& first_;
};

class Watched {
 public:
  explicit Watched(bool is_broken, rmm::port::Attestation* attestation = nullptr)
      : is_broken(is_broken), bench({}, [&](const rmm::port::Platform& ports) { return wire(ports, attestation); }) {
    bench.firmware = [this](const abi::SmcRegs& regs) { return call(regs); };
  }

  void turn_off(std::uint32_t fid, std::string_view condition) {
    if (is_broken) bench.monitor.switches().turn_off(fid, condition);
  }
  // From now on the command is what `row` makes of it.
  void replace(const rmm::call::Row& row) {
    if (is_broken) rows_[row.command->fid] = row;
  }
  rmm::core::Granule& granule(abi::Pa pa) { return bench.state.granules.at(GranulePa::containing(pa)); }
  // Writes the descriptor of `entry` for `ipa` into the level `level` table, behind the monitor's back.
  void write_descriptor(const rmi::TestRealm& realm, std::uint64_t ipa, int level, const rmm::core::RttEntry& entry) {
    const auto at = bench.walk(realm.rd, ipa, level);
    REQUIRE(at.level == level);
    const std::uint64_t descriptor = rmm::core::encode(entry, level);
    std::memcpy(bench.platform.memory.bytes(at.descriptor_pa()), &descriptor, sizeof descriptor);
  }
  // The realm's next act is an SMC with these X0, X1, ...
  void smc(abi::Pa rec, std::vector<std::uint64_t> args) {
    bench.cpu(rec).script.push_back([args = std::move(args)](fake::RealmCpu& cpu) {
      for (unsigned i = 0; i < args.size(); ++i) cpu.set_x(i, args[i]);
      return abi::Exception{.esr = abi::esr::make(abi::esr::Ec::kSmc64, 0)};
    });
  }
  // Runs the REC until its script has run out, which is an IRQ.
  void enter(abi::Pa rec, const rmi::RecEnter& with = {}) {
    const abi::Pa page = bench.ns();
    bench.put(page, with);
    bench.succeeds(rmi::kRmiRecEnter, rec, page);
  }
  void sweep() { invariants->sweep(); }

  const bool is_broken;
  std::unique_ptr<FaultyMemory> memory;
  std::unique_ptr<Both> observers;
  rmm::check::Findings findings;
  std::unique_ptr<rmm::check::Invariants> invariants;
  std::unique_ptr<rmm::port::Platform> ports;  // the watched ones
  rmi::Bench bench;

 private:
  // Runs while `bench` is under construction: its platform and recorder are there, its monitor's state has its address.
  rmm::port::Platform wire(const rmm::port::Platform& plain, rmm::port::Attestation* attestation) {
    memory = std::make_unique<FaultyMemory>(plain.memory);
    observers = std::make_unique<Both>(*plain.observer);
    const rmm::port::Platform machine{
        *memory,       plain.gpt,       plain.tlb,
        plain.cpus,    plain.sync,      plain.clock,
        plain.entropy, observers.get(), attestation != nullptr ? attestation : plain.attestation};
    invariants = std::make_unique<rmm::check::Invariants>(machine, bench.state, findings);
    observers->second = invariants.get();
    ports = std::make_unique<rmm::port::Platform>(invariants->watched_platform());
    return *ports;
  }
  abi::SmcRegs call(const abi::SmcRegs& regs) {
    const auto row = rows_.find(regs.fid());
    if (row == rows_.end()) return bench.monitor.rmi(bench.platform.pe, regs);
    return row->second.run({*ports, bench.state, bench.monitor.limits(), bench.monitor.switches()}, bench.platform.pe,
                           regs);
  }

  std::map<std::uint32_t, rmm::call::Row> rows_;
};

inline std::set<std::string> ids(const std::vector<std::string>& findings) {
  std::set<std::string> out;
  for (const std::string& finding : findings) out.insert(finding.substr(0, finding.find(':')));
  return out;
}

// `id` was found, with a text that has all of `words`, and nothing else but the consequences `also`.
inline void check_found(const rmm::check::Findings& findings, const std::string& id,
                        std::initializer_list<std::string> words, std::set<std::string> also = {}) {
  const std::vector<std::string> found = findings.found();
  also.insert(id);
  CHECK(ids(found) == also);
  const auto first =
      std::find_if(found.begin(), found.end(), [&](const std::string& text) { return text.starts_with(id + ": "); });
  REQUIRE(first != found.end());
  for (const std::string& word : words) CHECK_THAT(*first, Catch::Matchers::ContainsSubstring(word));
}

// Plays `scene` twice: unbroken, where `id` is evaluated and nothing is found; and broken, where `id` is found, with a
// text that has all of `words`, and nothing else but the consequences `also`.
inline void check_caught(const std::string& id, const std::function<void(Watched&)>& scene,
                         std::initializer_list<std::string> words, const std::set<std::string>& also = {}) {
  INFO(id);
  {
    Watched sound(false);
    scene(sound);
    for (const std::string& finding : sound.findings.found()) FAIL_CHECK("the unbroken scene: " << finding);
    CHECK(sound.findings.evaluations().contains(id));
  }
  Watched monitor(true);
  scene(monitor);
  for (const std::string& finding : monitor.findings.found()) UNSCOPED_INFO(finding);
  check_found(monitor.findings, id, words, also);
}

}  // namespace watched
