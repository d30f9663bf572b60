// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/cpu/cpu_model.h"

#include <initializer_list>

#include "rmm/abi/arch/pmu.h"

namespace sim {
namespace {

constexpr std::uint32_t kIdAa64Pfr0 = abi::sysreg_key(3, 0, 0, 4, 0);
constexpr std::uint32_t kIdAa64Zfr0 = abi::sysreg_key(3, 0, 0, 4, 4);
constexpr std::uint32_t kIdAa64Dfr0 = abi::sysreg_key(3, 0, 0, 5, 0);
constexpr std::uint32_t kIdAa64Isar0 = abi::sysreg_key(3, 0, 0, 6, 0);
constexpr std::uint32_t kIdAa64Isar1 = abi::sysreg_key(3, 0, 0, 6, 1);
constexpr std::uint32_t kIdAa64Mmfr0 = abi::sysreg_key(3, 0, 0, 7, 0);
constexpr std::uint32_t kIdAa64Mmfr1 = abi::sysreg_key(3, 0, 0, 7, 1);

constexpr std::uint64_t with_field(std::uint64_t value, unsigned shift, std::uint64_t field) {
  return (value & ~(0xfULL << shift)) | (field << shift);
}

constexpr unsigned kPfr0Gic = 24;
constexpr unsigned kPfr0Sve = 32;
constexpr unsigned kPfr0Rme = 52;
constexpr unsigned kPfr0Csv2 = 56;
constexpr unsigned kPfr0Csv3 = 60;
constexpr unsigned kIsar0Rndr = 60;
constexpr unsigned kIsar1Apa = 4;
constexpr unsigned kIsar1Api = 8;
constexpr unsigned kIsar1Gpa = 24;
constexpr unsigned kIsar1Gpi = 28;
constexpr unsigned kMmfr0PaRange = 0;
constexpr unsigned kMmfr1Hafdbs = 0;
constexpr std::uint64_t kPaRange48 = 5;

}  // namespace

PmuModel CpuConfig::pmu() const {
  return {.present = pmu_counters.has_value(),
          .counters = pmu_counters.value_or(0),
          .long_counters = model == CpuModel::kMax};
}

std::uint64_t hardware_id_value(const CpuConfig& config, std::uint32_t key, std::uint64_t engine_value) {
  std::uint64_t value = engine_value;
  switch (key) {
    case kIdAa64Pfr0:
      value = with_field(value, kPfr0Gic, 1);  // system register interface: sim/gic, not the engine
      value = with_field(value, kPfr0Sve, 0);
      value = with_field(value, kPfr0Rme, 1);  // sim/mem/gpt.h
      value = with_field(value, kPfr0Csv2, 1);
      return with_field(value, kPfr0Csv3, 1);
    case kIdAa64Zfr0: return 0;
    case kIdAa64Dfr0: {
      const PmuModel pmu = config.pmu();
      const std::uint64_t version = pmu.long_counters ? abi::pmu::kPmuVer3p5 : abi::pmu::kPmuVer3;
      return with_field(value, abi::pmu::kPmuVerShift, pmu.present ? version : 0);
    }
    case kIdAa64Isar0: return with_field(value, kIsar0Rndr, 0);
    case kIdAa64Isar1:
      if (config.pointer_authentication) return value;
      for (const unsigned shift : {kIsar1Apa, kIsar1Api, kIsar1Gpa, kIsar1Gpi}) value = with_field(value, shift, 0);
      return value;
    // The widest realm has 48 bits of IPA, and a stage 1 output beyond PARange is a fault.
    // The access flag, managed by sim/mmu; the dirty state is software's.
    case kIdAa64Mmfr1: return config.model == CpuModel::kMax ? with_field(value, kMmfr1Hafdbs, 1) : value;
    case kIdAa64Mmfr0: return with_field(value, kMmfr0PaRange, kPaRange48);
    default: return value;
  }
}

}  // namespace sim
