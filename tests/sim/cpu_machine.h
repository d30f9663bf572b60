// SPDX-License-Identifier: GPL-2.0-or-later
// A machine for CPU tests: DRAM, a granule protection table, stage 2 tables built by hand, one PE and a flat clock.
#pragma once

#include <algorithm>
#include <cstring>
#include <functional>
#include <optional>
#include <vector>

#include "rmm/abi/arch/esr.h"
#include "rmm/port/pe.h"
#include "sim/cpu/cpu.h"
#include "sim/cpu/cpus.h"
#include "sim/cpu/execution.h"
#include "sim/gic/virtual_cpu_interface.h"
#include "sim/mem/dram.h"
#include "sim/mem/gpt.h"
#include "tests/sim/cpu_a64.h"

namespace cpu_test {

class FlatExecution final : public sim::Execution {
 public:
  std::uint64_t now = 0;
  std::uint64_t total = 0;
  std::uint64_t quantum = 1'000'000;
  std::uint32_t pes = 1;
  unsigned idles = 0;
  std::vector<std::uint64_t> slices;  // what each slice retired
  std::function<void()> between;      // others run here

  std::uint64_t now_ns() const override { return now; }
  std::uint32_t running_pes() const override { return pes; }
  std::uint64_t slice() const override { return quantum; }
  void retired(std::uint64_t n) override {
    total += n;
    now += n / pes;
    slices.push_back(n);
    if (between) between();
  }
  void yield() override {}
  void idle(std::optional<std::uint64_t> deadline) override {
    ++idles;
    if (deadline) now = std::max(now, *deadline);
    if (between) between();
  }
};

class FlatPe final : public rmm::port::Pe {
 public:
  bool irq = false;
  abi::gic::IchState state;
  rmm::port::PeId id() const override { return {0}; }
  bool irq_pending() const override { return irq; }
  bool fiq_pending() const override { return false; }
  abi::gic::IchState& ich() override { return state; }
  std::uint64_t ich_misr() const override { return 0; }
};

// Guest RAM: IPA kRam.. is backed linearly by PA kBacking..; everything else is unmapped until map() says otherwise.
class Machine {
 public:
  static constexpr std::uint64_t kBank = 0x4000'0000, kBankSize = 32ULL << 20;
  static constexpr std::uint64_t kRam = 0x8000'0000, kBacking = kBank + (4ULL << 20), kRamSize = 8ULL << 20;
  static constexpr std::uint64_t kUnprotected = 1ULL << 33;  // top bit of a 34-bit IPA space
  static constexpr std::uint64_t kVectors = kRam + 0x8000;

  explicit Machine(bool realm = false, sim::CpuConfig config = {})
      : dram({{.base = {kBank}, .size = kBankSize}}),
        gpt(gpt_state, dram),
        cpus(dram, gpt, execution, config, [this]() -> rmm::port::Pe& { return pe; }) {
    stage2 = {.vmid = {7}, .root = {kBank}, .start_level = 1, .num_start = 1, .ipa_bits = 34, .realm = realm};
    if (realm)
      for (std::uint64_t pa = kBank; pa < kBank + (1U << 20); pa += 0x1000) protect(pa);
    for (std::uint64_t offset = 0; offset < kRamSize; offset += 0x1000) {
      if (realm) protect(kBacking + offset);
      map(kRam + offset, kBacking + offset);
    }
    // Each vector reports itself: HVC #(offset / 0x80).
    for (unsigned v = 0; v < 16; ++v) poke(kVectors + 0x80 * v, a64::hvc(v));
    cpu_id = cpus.create().value;
    cpu().set_sysreg(abi::SysReg::kVbarEl1, kVectors);
    cpu().set_pc(kRam);
  }

  sim::Cpu& cpu() { return cpus.cpu(cpu_id); }
  void protect(std::uint64_t pa, abi::Pas pas = abi::Pas::kRealm) { gpt.set(abi::GranulePa::containing({pa}), pas); }

  // Stage 2 descriptor of one page; `attributes` beside the address (default: read, write, AF, valid page).
  void map(std::uint64_t ipa, std::uint64_t pa, std::uint64_t attributes = 0x7c3 | 0xc0) {
    set_descriptor(ipa, pa | attributes);
  }
  void set_descriptor(std::uint64_t ipa, std::uint64_t descriptor) {
    std::uint64_t table = kBank;
    for (const unsigned shift : {30U, 21U}) {
      const std::uint64_t at = table + 8 * ((ipa >> shift) & 0x1ff);
      if ((read64(at) & 1) == 0) {
        next_table += 0x1000;
        write64(at, next_table | 3);
      }
      table = read64(at) & 0xffff'ffff'f000ULL;
    }
    write64(table + 8 * ((ipa >> 12) & 0x1ff), descriptor);
  }

  std::uint64_t read64(std::uint64_t pa) const {
    std::uint64_t value = 0;
    std::memcpy(&value, dram.bytes(abi::GranulePa::containing({pa})) + (pa & 0xfff), 8);
    return value;
  }
  void write64(std::uint64_t pa, std::uint64_t value) {
    std::memcpy(dram.write_native(abi::GranulePa::containing({pa})) + (pa & 0xfff), &value, 8);
  }
  static constexpr std::uint64_t pa_of(std::uint64_t ram_ipa) { return ram_ipa - kRam + kBacking; }
  std::uint64_t ram64(std::uint64_t ipa) const { return read64(pa_of(ipa)); }
  void set_ram64(std::uint64_t ipa, std::uint64_t value) { write64(pa_of(ipa), value); }
  void poke(std::uint64_t ipa, a64::Word word) {
    const std::uint64_t pa = pa_of(ipa);
    std::memcpy(dram.write_native(abi::GranulePa::containing({pa})) + (pa & 0xfff), &word, 4);
  }
  void load(std::uint64_t ipa, const a64::Program& program) {
    for (std::size_t i = 0; i < program.size(); ++i) poke(ipa + 4 * i, program[i]);
  }
  // Loads at kRam, starts there at EL1h and runs to the next exception to EL2.
  abi::Exception run(const a64::Program& program) {
    load(kRam, program);
    cpu().set_pc(kRam);
    return resume();
  }
  abi::Exception resume() { return resume(cpu()); }
  abi::Exception resume(sim::Cpu& which) {
    return which.run(pe, {.stage2 = stage2,
                          .trap_wfi = trap_wfi,
                          .trap_wfe = trap_wfe,
                          .vtimer_irq = true,
                          .ptimer_irq = true,
                          .pmu_counters = pmu_counters,
                          .pmu_irq = pmu_irq});
  }
  // Skips the instruction that was trapped, as EL2 software does, and runs on.
  abi::Exception skip_and_resume() {
    cpu().set_pc(cpu().pc() + 4);
    return resume();
  }
  // Stage 1 tables for one-to-one translation of the RAM by 2 MiB blocks at level 2, built at `table` (two granules).
  // Returns TTBR. TCR: 4 KiB granules, TxSZ 25 (39 bits, start level 1), 40-bit output.
  std::uint64_t identity_tables(std::uint64_t table, std::uint64_t attributes) {
    set_ram64(table + 8 * (kRam >> 30), (table + 0x1000) | 3);
    for (std::uint64_t i = 0; i < kRamSize >> 21; ++i)
      set_ram64(table + 0x1000 + 8 * i, (kRam + (i << 21)) | attributes | 1);
    return table;
  }
  static constexpr std::uint64_t kTcr = 25 | 25 << 16 | (2ULL << 32) | (2ULL << 30);
  static constexpr std::uint64_t kMmuOn = 0x30d00801 | 1U << 23;  // M, SPAN
  void enable_mmu(std::uint64_t ttbr) {
    cpu().set_sysreg(abi::SysReg::kTcrEl1, kTcr);
    cpu().set_sysreg(abi::SysReg::kTtbr0El1, ttbr);
    cpu().set_sysreg(abi::SysReg::kSctlrEl1, kMmuOn);
  }

  FlatExecution execution;
  FlatPe pe;
  sim::Dram dram;
  sim::GptState gpt_state;
  sim::Gpt gpt;
  sim::Cpus cpus;
  abi::Stage2 stage2;
  std::uint32_t cpu_id = 0;
  bool trap_wfi = false, trap_wfe = false;
  std::optional<std::uint8_t> pmu_counters{};
  bool pmu_irq = true;
  std::uint64_t next_table = kBank;
};

inline abi::esr::Ec ec(const abi::Exception& e) { return abi::esr::ec(e.esr); }
// HVC immediate: which vector of Machine was entered, as offset from VBAR_EL1.
inline std::uint64_t vector_entered(const abi::Exception& e) { return (e.esr & 0xffff) * 0x80; }

}  // namespace cpu_test
