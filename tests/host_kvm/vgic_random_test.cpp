// SPDX-License-Identifier: GPL-2.0-or-later
// The vgic against a model of interrupt delivery that knows no list registers.
#include <algorithm>
#include <array>
#include <random>

#include "tests/host_kvm/vgic_bench.h"

using vgic_bench::Bench;
namespace gic = abi::gic;

namespace {

constexpr std::uint32_t kFirst = 20, kCount = 40;  // PPIs and SPIs

// One interrupt of an ideal GIC (Arm IHI 0069 chapter 4): what may be acknowledged follows from these alone.
struct Model {
  bool edge = false, enabled = false, line = false, latch = false, active = false;
  unsigned priority = 0xa0;
  bool pending() const { return latch || (!edge && line); }
  bool deliverable() const { return enabled && pending() && !active; }
};

// One vCPU. Host and guest take turns, so at each entry the model is exact.
class Differential {
 public:
  Differential(unsigned seed, unsigned nr_lr) : random_(seed), bench_(1, nr_lr) {
    for (std::uint32_t i = 0; i < kCount; ++i) {
      const std::uint32_t intid = kFirst + i;
      Model& m = model_[i];
      m.priority = pick(12) * 16;
      bench_.write(priority_address(intid), m.priority, 1);
      m.edge = intid >= 32 && pick(2) == 0;
      if (m.edge) bench_.set_edge(intid);
      if (pick(4) != 0) set_enabled(i, true);
    }
  }

  void turn() {
    for (unsigned n = pick(6); n != 0; --n) host_action();
    bench_.enter();
    if (pick(8) == 0) {  // late back-out
      bench_.leave();
      bench_.enter();
    }
    check_what_is_offered();
    for (unsigned n = pick(10); n != 0; --n) {
      if (bench_.cpu().misr() != 0 && pick(16) != 0) break;  // now and then the host is slow
      pick(2) == 0 ? acknowledge() : end_of_interrupt();
    }
    exact_ = true;
    bench_.leave();
    check_registers();
  }

  unsigned acknowledged() const { return acknowledged_; }

 private:
  unsigned pick(unsigned n) { return static_cast<unsigned>(random_() % n); }
  static std::uint64_t priority_address(std::uint32_t intid) {
    return (intid < 32 ? Bench::kRedist + 0x10400 : Bench::kDist + 0x400) + intid;
  }
  void set_enabled(std::uint32_t i, bool on) {
    model_[i].enabled = on;
    bench_.write_bit(on ? 0x100 : 0x180, kFirst + i);
  }

  void host_action() {
    const std::uint32_t i = pick(kCount), intid = kFirst + i;
    Model& m = model_[i];
    switch (pick(10)) {
      case 0: set_enabled(i, !m.enabled); break;
      case 1:
        m.latch = true;
        bench_.write_bit(0x200, intid);
        break;
      case 2:
        m.latch = false;
        bench_.write_bit(0x280, intid);
        break;
      case 3:
        if (m.active) break;  // its running priority is in use
        m.priority = pick(12) * 16;
        bench_.write(priority_address(intid), m.priority, 1);
        break;
      default:
        if (m.edge) {
          m.latch = true;
          bench_.inject(intid);
        } else {
          m.line = !m.line;
          bench_.inject(intid, m.line);
        }
    }
  }

  // The best deliverable priority that would preempt, or 0xff.
  unsigned best() {
    unsigned result = 0xff;
    for (const Model& m : model_) {
      if (m.deliverable() && m.priority < bench_.cpu().running_priority()) result = std::min(result, m.priority);
    }
    return result;
  }

  void check_what_is_offered() {
    const auto lr = bench_.cpu().highest_pending_lr();
    REQUIRE((lr ? gic_priority(*lr) : 0xff) == best());
  }
  unsigned gic_priority(unsigned lr) { return vgic_bench::CpuInterface::priority(bench_.ich[0].lr[lr]); }

  void acknowledge() {
    const unsigned expected = best();
    // After a level's EOI or a replayed one the host has to look first: then less may be offered than the model has.
    const bool host_due = bench_.cpu().misr() != 0;
    const std::uint32_t intid = bench_.cpu().acknowledge();
    if (intid == gic::kSpurious) {
      REQUIRE((expected == 0xff || host_due || !exact_));
      return;
    }
    Model& m = model_[intid - kFirst];
    REQUIRE(m.deliverable());
    if (!host_due && exact_) REQUIRE(m.priority == expected);
    if (host_due) exact_ = false;
    m.latch = false;
    m.active = true;
    handlers_.push_back(intid);
    ++acknowledged_;
  }

  void end_of_interrupt() {
    if (handlers_.empty()) return;
    bench_.cpu().eoi(handlers_.back());
    model_[handlers_.back() - kFirst].active = false;
    handlers_.pop_back();
  }

  void check_registers() {
    std::uint64_t active = 0, pending = 0;  // bit i: INTID kFirst + i
    for (std::uint32_t i = 0; i < kCount; ++i) {
      active |= std::uint64_t{model_[i].active} << i;
      pending |= std::uint64_t{model_[i].pending()} << i;
    }
    REQUIRE(registers(0x300) == active);
    REQUIRE(registers(0x200) == pending);
  }

  // The tested interrupts' bits of GICR_<reg>0 and GICD_<reg>1.
  std::uint64_t registers(std::uint64_t reg) {
    const std::uint64_t all = bench_.read_redist(0, 0x10000 + reg) | bench_.read_dist(reg + 4) << 32;
    return all >> kFirst & ((1ULL << kCount) - 1);
  }

  std::mt19937 random_;
  Bench bench_;
  std::array<Model, kCount> model_{};
  std::vector<std::uint32_t> handlers_;  // nested, innermost last
  bool exact_ = true;
  unsigned acknowledged_ = 0;
};

// Several vCPUs in the guest at once; devices, routes and kicks at any time. Each edge is raised only after the last
// one was taken, so each must be taken exactly once; each level stays up until its handler lowers it.
class Storm {
 public:
  static constexpr unsigned kVcpus = 4;
  static constexpr std::uint32_t kSpi = 32, kSpis = 24;

  Storm(unsigned seed, unsigned nr_lr) : random_(seed), bench_(kVcpus, nr_lr) {
    for (std::uint32_t i = 0; i < kSpis; ++i) {
      if (edge(i)) bench_.set_edge(kSpi + i);
      bench_.enable(kSpi + i, pick(8) * 16);
    }
  }

  void turn() {
    const unsigned vcpu = pick(kVcpus);
    switch (pick(8)) {
      case 0: {  // two statements: compilers evaluate arguments in different orders
        const unsigned spi = kSpi + pick(kSpis);
        bench_.route(spi, pick(kVcpus));
        break;
      }
      case 1: raise(pick(kSpis)); break;
      case 2: send_sgi(vcpu, pick(kVcpus)); break;
      default: run(vcpu);
    }
  }

  void drain() {
    for (int i = 0; i < 2000; ++i) run(static_cast<unsigned>(i) % kVcpus);
    for (unsigned vcpu = 0; vcpu < kVcpus; ++vcpu) {
      if (bench_.in_guest[vcpu]) bench_.leave(vcpu);
      REQUIRE(bench_.state.cpus[vcpu].ap_list.empty());
      REQUIRE(handlers_[vcpu].empty());
      REQUIRE(sgi_sent_[vcpu] == sgi_taken_[vcpu]);
    }
    REQUIRE(raised_ == taken_);
  }

  std::array<unsigned, kSpis> raised() const { return raised_; }

 private:
  unsigned pick(unsigned n) { return static_cast<unsigned>(random_() % n); }
  static bool edge(std::uint32_t spi) { return spi % 2 == 0; }

  void raise(std::uint32_t spi) {
    if (raised_[spi] != taken_[spi]) return;
    ++raised_[spi];
    bench_.inject(kSpi + spi, true);
  }

  void send_sgi(unsigned from, unsigned to) {
    if (bench_.in_guest[from] || sgi_sent_[to] != sgi_taken_[to]) return;
    ++sgi_sent_[to];
    bench_.vgic.vgic_v3_dispatch_sgi(from, 1U << to, true);
  }

  // One step of one vCPU: enter, leave because of a kick, a maintenance interrupt or by chance, or a guest action.
  void run(unsigned vcpu) {
    if (!bench_.in_guest[vcpu]) {
      bench_.enter(vcpu);
    } else if (bench_.kicked.contains(vcpu) || bench_.cpu(vcpu).misr() != 0 || pick(8) == 0) {
      bench_.leave(vcpu);
    } else if (const std::uint32_t intid = bench_.cpu(vcpu).acknowledge(); intid != gic::kSpurious) {
      taken(vcpu, intid);
    } else if (!handlers_[vcpu].empty()) {
      end(vcpu);
    }
  }

  void taken(unsigned vcpu, std::uint32_t intid) {
    handlers_[vcpu].push_back(intid);
    if (intid < 16) {
      ++sgi_taken_[vcpu];
      return;
    }
    for (unsigned other = 0; other < kVcpus; ++other) {
      REQUIRE((other == vcpu || std::count(handlers_[other].begin(), handlers_[other].end(), intid) == 0));
    }
    ++taken_[intid - kSpi];
    REQUIRE(taken_[intid - kSpi] == raised_[intid - kSpi]);
    if (edge(intid - kSpi)) return;
    bench_.leave(vcpu);  // the handler writes the device: an MMIO exit
    bench_.inject(intid, false);
    bench_.enter(vcpu);
  }

  void end(unsigned vcpu) {
    bench_.cpu(vcpu).eoi(handlers_[vcpu].back());
    handlers_[vcpu].pop_back();
  }

  std::mt19937 random_;
  Bench bench_;
  std::array<unsigned, kSpis> raised_{}, taken_{};
  std::array<unsigned, kVcpus> sgi_sent_{}, sgi_taken_{};
  std::array<std::vector<std::uint32_t>, kVcpus> handlers_;
};

}  // namespace

TEST_CASE(
    "vgic random: with every number of list registers, what is delivered and when is what an ideal GIC delivers") {
  for (const unsigned nr_lr : {1U, 2U, 3U, 4U, 8U, 16U}) {
    for (unsigned seed = 0; seed < 6; ++seed) {
      CAPTURE(nr_lr, seed);
      Differential test(seed, nr_lr);
      for (int i = 0; i < 400; ++i) test.turn();
      CHECK(test.acknowledged() > 100);
    }
  }
}

TEST_CASE("vgic random: four vCPUs take each edge and each SGI once, each level until lowered, never on two at once") {
  for (const unsigned nr_lr : {1U, 2U, 4U, 16U}) {
    for (unsigned seed = 0; seed < 8; ++seed) {
      CAPTURE(nr_lr, seed);
      Storm storm(seed, nr_lr);
      for (int i = 0; i < 3000; ++i) storm.turn();
      storm.drain();
      const auto raised = storm.raised();
      CHECK(*std::min_element(raised.begin(), raised.end()) > 0);
    }
  }
}
