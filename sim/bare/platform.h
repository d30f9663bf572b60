// SPDX-License-Identifier: GPL-2.0-or-later
// The machine behind the monitor's ports without a CPU engine: DRAM, granule protection table, a log of TLB
// maintenance, locks that never switch, and CPUs whose runs somebody else makes up. It checks what hardware checks (a
// granule that is not in the Realm PAS, a lock taken twice) by aborting.
#pragma once

#include <array>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "rmm/port/platform.h"

namespace sim::bare {

namespace port = rmm::port;

using Banks = std::vector<port::MemoryBank>;  // ascending; the first one begins at kDram

inline constexpr abi::Pa kDram{0x8000'0000};
inline constexpr std::uint64_t kDramSize = 0x1000'0000;
inline constexpr abi::Pa kHighDram{1ULL << 48};  // needs LPA2: data_bound2, rtt_bound2
inline constexpr std::uint64_t kHighDramSize = 0x10'0000;

inline Banks default_banks() { return {{kDram, kDramSize}, {kHighDram, kHighDramSize}}; }

// Number of a granule from kDram on; beyond the first bank for one that lies elsewhere.
constexpr std::uint64_t dram_slot(abi::GranulePa granule) {
  return granule.frame() - abi::GranulePa::containing(kDram).frame();
}

class Gpt : public port::Gpt {
 public:
  explicit Gpt(Banks banks = default_banks())
      : banks_(std::move(banks)), low_(banks_.at(0).size / abi::kGranuleSize, abi::Pas::kNonSecure) {}
  std::span<const port::MemoryBank> banks() const override { return banks_; }
  abi::Pas pas(abi::GranulePa granule) const override {
    if (const std::uint64_t slot = dram_slot(granule); slot < low_.size()) return low_[slot];
    const auto it = elsewhere_.find(granule.frame());
    return it == elsewhere_.end() ? abi::Pas::kNonSecure : it->second;
  }
  // As firmware does: a Root or Secure granule stays what it is.
  bool set_pas(abi::GranulePa granule, abi::Pas to) override {
    const abi::Pas from = pas(granule);
    if (from == abi::Pas::kRoot || from == abi::Pas::kSecure) return false;
    force(granule.pa(), to);
    return true;
  }
  void force(abi::Pa pa, abi::Pas to) {
    const auto granule = abi::GranulePa::containing(pa);
    if (const std::uint64_t slot = dram_slot(granule); slot < low_.size())
      low_[slot] = to;
    else
      elsewhere_[granule.frame()] = to;
  }

 private:
  Banks banks_;
  std::vector<abi::Pas> low_;  // of the first bank
  std::unordered_map<std::uint64_t, abi::Pas> elsewhere_;
};

class Memory : public port::GranuleMemory {
 public:
  using Bytes = std::array<std::byte, abi::kGranuleSize>;
  explicit Memory(Gpt& gpt) : gpt_(gpt), low_(gpt.banks()[0].size / abi::kGranuleSize) {}
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;

  // Called before each Non-secure access: a test may change the PAS between a check and the access.
  std::function<void(abi::Pa, bool write)> before_ns_access;

  tl::expected<void, port::Gpf> read_ns(abi::Pa pa, std::span<std::byte> out) override {
    if (before_ns_access) before_ns_access(pa, false);
    if (const abi::Pas pas = at_pas(pa); pas != abi::Pas::kNonSecure) return tl::unexpected(port::Gpf{pa, pas});
    std::memcpy(out.data(), bytes(pa), out.size());
    return {};
  }
  tl::expected<void, port::Gpf> write_ns(abi::Pa pa, std::span<const std::byte> in) override {
    if (before_ns_access) before_ns_access(pa, true);
    if (const abi::Pas pas = at_pas(pa); pas != abi::Pas::kNonSecure) return tl::unexpected(port::Gpf{pa, pas});
    std::memcpy(bytes(pa), in.data(), in.size());
    return {};
  }
  void read(abi::Pa pa, std::span<std::byte> out) override { std::memcpy(out.data(), realm(pa), out.size()); }
  void write(abi::Pa pa, std::span<const std::byte> in) override { std::memcpy(realm(pa), in.data(), in.size()); }
  std::uint64_t read64(abi::Pa pa) override {
    std::uint64_t value = 0;
    std::memcpy(&value, realm(pa), sizeof value);
    return value;
  }
  void write64(abi::Pa pa, std::uint64_t value) override { std::memcpy(realm(pa), &value, sizeof value); }
  void wipe(abi::GranulePa granule) override { std::memset(realm(granule.pa()), 0, abi::kGranuleSize); }
  std::span<const std::byte> peek(abi::GranulePa granule) override { return {realm(granule.pa()), abi::kGranuleSize}; }

  // Contents whatever the PAS, for tests.
  std::byte* bytes(abi::Pa pa) {
    const auto granule = abi::GranulePa::containing(pa);
    const std::uint64_t slot = dram_slot(granule), offset = pa - granule.pa();
    if (slot >= low_.size()) return granules_[granule.frame()].data() + offset;
    if (low_[slot] == nullptr) low_[slot] = granules_[granule.frame()].data();
    return low_[slot] + offset;
  }
  const std::map<std::uint64_t, Bytes>& all() const { return granules_; }

 private:
  abi::Pas at_pas(abi::Pa pa) const { return gpt_.pas(abi::GranulePa::containing(pa)); }
  std::byte* realm(abi::Pa pa) {
    if (at_pas(pa) != abi::Pas::kRealm) std::abort();  // the monitor used a granule that is not Realm PAS
    return bytes(pa);
  }
  Gpt& gpt_;
  std::map<std::uint64_t, Bytes> granules_;
  std::vector<std::byte*> low_;  // into granules_
};

struct Invalidation {
  abi::Vmid vmid;
  abi::IpaRange range;
  bool all = false;
  bool operator==(const Invalidation&) const = default;
};

class Tlb : public port::Tlb {
 public:
  void invalidate(abi::Vmid vmid, abi::IpaRange range) override { log.push_back({vmid, range}); }
  void invalidate_all(abi::Vmid vmid) override { log.push_back({vmid, {}, true}); }
  std::vector<Invalidation> log;
};

// One actor: a lock that is taken twice is a deadlock of the monitor with itself.
class Sync : public port::Sync {
 public:
  port::ActorId self() const override { return {0}; }
  void step(const port::Step&) override {}
  void wait(port::WaitQueue&, const port::Step&) override { std::abort(); }
  void wait_until(port::WaitQueue&, std::uint64_t, const port::Step&) override { std::abort(); }
  void wake_all(port::WaitQueue& queue) override { ++queue.wakeups; }
  void acquire(port::Lock& lock, const port::Step& step) override {
    if (lock.held()) std::abort();
    lock.holder = {0};
    order.push_back(step.object);
    ++held;
  }
  void release(port::Lock& lock, const port::Step&) override {
    if (!lock.held()) std::abort();
    lock.holder = {};
    --held;
  }
  void acquire_read(port::RwLock& lock, const port::Step&) override { ++lock.readers; }
  void release_read(port::RwLock& lock, const port::Step&) override { --lock.readers; }
  void acquire_write(port::RwLock& lock, const port::Step&) override { lock.writer = {0}; }
  void release_write(port::RwLock& lock, const port::Step&) override { lock.writer = {}; }

  int held = 0;                      // locks held now
  std::vector<std::uint64_t> order;  // objects in the order in which their locks were taken
};

class Pe : public port::Pe {
 public:
  explicit Pe(std::uint16_t id = 0) : id_(id) {}
  port::PeId id() const override { return {id_}; }
  bool irq_pending() const override { return irq; }
  bool fiq_pending() const override { return fiq; }
  abi::gic::IchState& ich() override { return ich_; }
  std::uint64_t ich_misr() const override { return (ich_.hcr & abi::gic::kHcrEn) != 0 ? misr : 0; }
  bool irq = false, fiq = false;
  std::uint64_t misr = 0;

 private:
  std::uint16_t id_;
  abi::gic::IchState ich_;
};

class RealmCpu;

// Who says what a realm does.
class Player {
 public:
  virtual ~Player() = default;
  // The exception that ends this run of `cpu`.
  virtual abi::Exception play(RealmCpu& cpu, port::Pe& pe) = 0;
};

// A CPU context whose run() gives back the next exception of its script; then its player's, and without one
// `otherwise`.
class RealmCpu : public port::RealmCpu {
 public:
  explicit RealmCpu(Player* player = nullptr) : player_(player) {}
  std::uint64_t x(unsigned n) const override { return x_.at(n); }
  void set_x(unsigned n, std::uint64_t value) override { x_.at(n) = value; }
  std::uint64_t pc() const override { return pc_; }
  void set_pc(std::uint64_t value) override { pc_ = value; }
  std::uint64_t pstate() const override { return pstate_; }
  void set_pstate(std::uint64_t value) override { pstate_ = value; }
  std::uint64_t sysreg(abi::SysReg reg) const override {
    for (const auto& [key, value] : sysregs_)
      if (key == reg) return value;
    return 0;
  }
  void set_sysreg(abi::SysReg reg, std::uint64_t value) override {
    for (auto& [key, old] : sysregs_)
      if (key == reg) {
        old = value;
        return;
      }
    sysregs_.emplace_back(reg, value);
  }
  std::uint64_t id_register(std::uint32_t) const override { return 0; }
  void reset(abi::Mpidr mpidr) override {
    x_ = {};
    pc_ = 0;
    pstate_ = abi::pstate::kResetEl1;
    sysregs_.clear();
    sysregs_.emplace_back(abi::SysReg::kMpidrEl1, mpidr.value);
  }
  abi::Exception run(port::Pe& pe, const abi::RunControls& controls) override {
    last_controls = controls;
    ++runs;
    if (!script.empty()) {
      const auto next = script.front();
      script.pop_front();
      return next(*this);
    }
    if (player_ != nullptr) return player_->play(*this, pe);
    return {.kind = otherwise};
  }

  abi::ExceptionKind otherwise = abi::ExceptionKind::kIrq;
  std::deque<std::function<abi::Exception(RealmCpu&)>> script;
  abi::RunControls last_controls;
  unsigned runs = 0;

 private:
  Player* player_;
  std::array<std::uint64_t, 31> x_{};
  std::uint64_t pc_ = 0, pstate_ = 0;
  std::vector<std::pair<abi::SysReg, std::uint64_t>> sysregs_;  // those that were written
};

class RealmCpus : public port::RealmCpus {
 public:
  explicit RealmCpus(Player* player = nullptr) : player_(player) {}
  port::CpuId create() override {
    cpus.emplace(next_, RealmCpu(player_));
    return {next_++};
  }
  void destroy(port::CpuId id) override {
    if (cpus.erase(id.value) != 1) std::abort();
  }
  RealmCpu& at(port::CpuId id) override { return cpus.at(id.value); }
  std::map<std::uint32_t, RealmCpu> cpus;

 private:
  Player* player_;
  std::uint32_t next_ = 0;
};

class Clock : public port::Clock {
 public:
  std::uint64_t now_ns() const override { return now; }
  void spend_ns(std::uint64_t ns) override { now += ns; }
  std::uint64_t now = 0;
};

class Entropy : public port::Entropy {
 public:
  void fill(std::span<std::byte> out) override {
    for (std::byte& b : out) b = static_cast<std::byte>(next_++);
  }

 private:
  std::uint8_t next_ = 1;
};

// Firmware whose signatures show what was signed: the digest and its complement.
class Attestation : public port::Attestation {
 public:
  static constexpr std::uint8_t kX = 0xa1, kY = 0xa2;

  abi::token::P384Point realm_attestation_key() const override {
    abi::token::P384Point key;
    key.x.fill(kX);
    key.y.fill(kY);
    return key;
  }
  std::optional<abi::token::Es384Signature> sign(const abi::token::Sha384Digest& digest) override {
    ++asked;
    if (while_asked) while_asked();
    if (fails) return std::nullopt;
    abi::token::Es384Signature signature;
    for (std::size_t i = 0; i < digest.size(); ++i) {
      signature[i] = digest[i];
      signature[digest.size() + i] = static_cast<std::uint8_t>(~digest[i]);
    }
    return signature;
  }
  std::optional<abi::token::Bytes> platform_token(abi::token::ByteView given) override {
    ++asked;
    if (while_asked) while_asked();
    challenge.assign(given.begin(), given.end());
    if (fails) return std::nullopt;
    return platform;
  }
  std::size_t max_platform_token_size() const override { return max_platform; }

  bool fails = false;
  std::function<void()> while_asked;
  unsigned asked = 0;
  abi::token::Bytes challenge;  // of the last platform token
  abi::token::Bytes platform = abi::token::Bytes(300, 0x77);
  std::size_t max_platform = 300;
};

struct Platform {
  explicit Platform(Banks banks = default_banks(), Player* player = nullptr) : gpt(std::move(banks)), cpus(player) {}

  Gpt gpt;
  Memory memory{gpt};
  Tlb tlb;
  RealmCpus cpus;
  Sync sync;
  Clock clock;
  Entropy entropy;
  Attestation attestation;
  Pe pe;

  port::Platform ports(port::Observer* observer) {
    return {memory, gpt, tlb, cpus, sync, clock, entropy, observer, &attestation};
  }
};

}  // namespace sim::bare
