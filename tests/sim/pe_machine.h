// SPDX-License-Identifier: GPL-2.0-or-later
// A PE at EL2 with DRAM, one device, one interrupt line and a flat clock.
#pragma once

#include <cstring>
#include <map>
#include <optional>
#include <vector>

#include "sim/cpu/cpu.h"
#include "sim/cpu/cpus.h"
#include "sim/cpu/el2_registers.h"
#include "sim/mem/dram.h"
#include "sim/mem/gpt.h"
#include "tests/sim/cpu_a64.h"
#include "tests/sim/cpu_machine.h"

namespace cpu_test {

class PeMachine final : public sim::Interconnect, public sim::PlatformTime {
 public:
  static constexpr std::uint64_t kRam = 0x8000'0000, kRamSize = 16ULL << 20;
  static constexpr std::uint64_t kVectors = kRam + 0x8000, kVectorsEl1 = kRam + 0x9000, kTables = kRam + 0x10'0000;
  static constexpr std::uint64_t kDevice = 0x1c09'0000;  // registers of 8 bytes
  // Reads as a constant: two granules, and what lies before and behind them of two others.
  static constexpr std::uint64_t kConstant = 0x1c0a'0ff0, kConstantEnd = 0x1c0a'3010;
  static constexpr std::uint8_t kByte = 0x5a;
  static constexpr std::uint32_t kIar = abi::sysreg_key(3, 0, 12, 12, 0);

  explicit PeMachine(sim::CpuConfig config = {.model = sim::CpuModel::kMax})
      : dram({{.base = {kRam}, .size = kRamSize}}),
        gpt(gpt_state, dram),
        cpus(dram, gpt, execution, config, [this]() -> rmm::port::Pe& { return pe; }) {
    cpus.create_pe(*this);
    cpus.set_platform_time(this);
    cpu().reset({0x0100'0000});
    // Each vector reports itself by SMC #(offset / 0x80) of EL2, HVC #(offset / 0x80) of EL1.
    for (unsigned v = 0; v < 16; ++v) {
      poke(kVectors + 0x80 * v, a64::smc(v));
      poke(kVectorsEl1 + 0x80 * v, a64::hvc(v));
    }
    set(sim::el2::kVbar, kVectors);
    cpu().set_sysreg(abi::SysReg::kVbarEl1, kVectorsEl1);
  }

  sim::Cpu& cpu() { return cpus.cpu(0); }
  std::uint64_t get(std::uint32_t key) { return cpu().sysreg(abi::SysReg{key}); }
  void set(std::uint32_t key, std::uint64_t value) { cpu().set_sysreg(abi::SysReg{key}, value); }
  std::uint64_t esr() { return get(sim::el2::kEsr); }

  void write64(std::uint64_t pa, std::uint64_t value) {
    std::memcpy(dram.write_native(abi::GranulePa::containing({pa})) + (pa & 0xfff), &value, sizeof value);
  }
  std::uint64_t read64(std::uint64_t pa) {
    std::uint64_t value = 0;
    std::memcpy(&value, dram.bytes(abi::GranulePa::containing({pa})) + (pa & 0xfff), sizeof value);
    return value;
  }
  void poke(std::uint64_t pa, a64::Word word) {
    std::memcpy(dram.write_native(abi::GranulePa::containing({pa})) + (pa & 0xfff), &word, sizeof word);
  }
  void load(std::uint64_t pa, const a64::Program& program) {
    for (std::size_t i = 0; i < program.size(); ++i) poke(pa + 4 * i, program[i]);
  }
  sim::PeStop run(const a64::Program& program) {
    load(kRam, program);
    cpu().set_pc(kRam);
    return resume();
  }
  sim::PeStop resume() { return cpu().run_pe(pe); }
  // The immediate of the SMC that ended the run: which vector of EL2 was entered, as offset from VBAR_EL2.
  std::uint64_t vector() {
    std::uint32_t word = 0;
    const std::uint64_t pc = cpu().pc() - 4;
    std::memcpy(&word, dram.bytes(abi::GranulePa::containing({pc})) + (pc & 0xfff), sizeof word);
    return ((word >> 5) & 0xffff) * 0x80;
  }
  // One-to-one tables of EL2: blocks of 2 MiB over the RAM, the device's granule, and what map() adds.
  static constexpr std::uint64_t kNormal = 0x701, kTable = 3, kPage = 0x703;
  void tables() {
    write64(kTables + 8 * (kRam >> 30), (kTables + 0x1000) | kTable);
    for (std::uint64_t i = 0; i < kRamSize >> 21; ++i) write64(kTables + 0x1000 + 8 * i, (kRam + (i << 21)) | kNormal);
    write64(kTables, (kTables + 0x2000) | kTable);
    write64(kTables + 0x2000 + 8 * (kDevice >> 21), (kTables + 0x3000) | kTable);
    write64(page_entry(kDevice), kDevice | kPage);
  }
  // The level 3 descriptor of a page beside the device's.
  static constexpr std::uint64_t page_entry(std::uint64_t va) { return kTables + 0x3000 + 8 * ((va >> 12) & 0x1ff); }
  static constexpr std::uint64_t kTcr = 25 | 2U << 16 | 1U << 31 | 1U << 23;  // 39 bits, 40-bit output
  void enable_mmu() {
    tables();
    set(sim::el2::kTcr, kTcr);
    set(sim::el2::kTtbr0, kTables);
    set(sim::el2::kSctlr, sim::el2::kSctlrReset | 1);
  }

  // Interconnect
  std::optional<std::uint64_t> read(abi::Pa pa, unsigned size) override {
    if (pa.value - kConstant < kConstantEnd - kConstant) {
      accesses.push_back(size);
      return (0x0101'0101'0101'0101ULL * kByte) >> (64 - 8 * size);
    }
    if (pa.value - kDevice >= 0x1000) return std::nullopt;
    accesses.push_back(size);
    const std::uint64_t value = device[(pa.value - kDevice) / 8] >> (8 * (pa.value & 7));
    return size == 8 ? value : value & ((1ULL << (8 * size)) - 1);
  }
  bool write(abi::Pa pa, unsigned size, std::uint64_t value) override {
    if (pa.value - kConstant < kConstantEnd - kConstant) {
      accesses.push_back(size);
      return true;
    }
    if (pa.value - kDevice >= 0x1000) return false;
    accesses.push_back(size);
    device[(pa.value - kDevice) / 8] = size == 8 ? value : value & ((1ULL << (8 * size)) - 1);
    return true;
  }
  std::vector<sim::ConstantBytes> constants() override { return {{{kConstant}, {kConstantEnd}, kByte}}; }
  bool read_gic(std::uint32_t key, std::uint64_t& value) override {
    value = 27;
    if (key == kIar) irq = false;
    return key == kIar;
  }
  bool write_gic(std::uint32_t key, std::uint64_t value) override {
    written = value;
    return key != kIar;
  }
  bool irq_pending() override { return irq || pmu_line; }
  void timer_changed() noexcept override {}
  bool has_company() override { return company; }
  bool must_leave() override { return leave; }
  // PlatformTime: the line follows the EL2 physical timer where `timer_irq` says so.
  void advance(std::uint64_t now_ns) override {
    if (timer_irq) irq = cpu().timer_lines(now_ns).el2_physical;
    if (rises_at && now_ns >= *rises_at) irq = true;
  }
  std::optional<std::uint64_t> next_event_ns() override {
    if (rises_at && *rises_at > execution.now) return rises_at;
    return cpu().next_timer_ns(execution.now);
  }

  void set_pmu_line(rmm::port::PeId, bool level) override { pmu_line = pmu_wired && level; }

  FlatExecution execution;
  FlatPe pe;
  sim::Dram dram;
  sim::GptState gpt_state;
  sim::Gpt gpt;
  sim::Cpus cpus;
  std::map<std::uint64_t, std::uint64_t> device;
  std::vector<unsigned> accesses;
  bool pmu_line = false, pmu_wired = true;  // of an interrupt controller that lets it through
  bool irq = false, leave = false, timer_irq = false, company = true;
  std::optional<std::uint64_t> rises_at;
  std::uint64_t written = 0;
};

}  // namespace cpu_test
