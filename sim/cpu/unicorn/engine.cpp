// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/cpu/unicorn/engine.h"

#include <unicorn/unicorn.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "rmm/abi/arch/sysreg.h"
#include "rmm/abi/arch/timer.h"
#include "sim/cpu/el2_registers.h"
#include "sim/cpu/unicorn/hooks.h"
#include "sim/cpu/unicorn/host_time.h"
#include "sim/cpu/unicorn/syndrome.h"

namespace sim {
namespace {

// Translated code of one engine; when it is full the library throws all of it away and starts again.
constexpr std::uint32_t kCodeBufferBytes = 96U << 20;
constexpr std::uint64_t kCptrTrapSve = 0x33ff;  // CPTR_EL2: TZ; the floating point is not trapped

void check(uc_err error, const char* what) {
  if (error == UC_ERR_OK) return;
  std::fprintf(stderr, "ccasim: engine: %s: %s\n", what, uc_strerror(error));
  std::abort();
}

constexpr uc_arm64_cp_reg cp_reg(std::uint32_t key, std::uint64_t value) {
  return {.crn = (key >> 7) & 15,
          .crm = (key >> 3) & 15,
          .op0 = (key >> 14) & 3,
          .op1 = (key >> 11) & 7,
          .op2 = key & 7,
          .val = value};
}

constexpr int x_register(unsigned n) {
  if (n == 29) return UC_ARM64_REG_X29;
  if (n == 30) return UC_ARM64_REG_X30;
  return UC_ARM64_REG_X0 + static_cast<int>(n);
}

std::uint64_t read64(uc_struct* uc, int reg) {
  std::uint64_t value = 0;
  check(uc_reg_read(uc, reg, &value), "read of a register");
  return value;
}

void write64(uc_struct* uc, int reg, std::uint64_t value) {
  check(uc_reg_write(uc, reg, &value), "write of a register");
}

}  // namespace

Engine::Engine(const CpuConfig& config, Dram& dram, EngineClient& client) : client_(client) {
  const EngineScope scope;
  set_up(config, dram);
  check(uc_context_alloc(uc_, &context_), "context");
  // The context begins with the size of the register bytes that end it.
  std::memcpy(&context_size_, context_, sizeof context_size_);
  context_header_ = uc_context_size(uc_) - context_size_;
  set_reset_state(config);
  reset_ = save();
}

Engine::~Engine() {
  if (context_ != nullptr) uc_context_free(context_);
  if (uc_ != nullptr) uc_close(uc_);
}

// The order matters: the library initialises itself at the first call that is not one of the first four settings.
void Engine::set_up(const CpuConfig& config, Dram& dram) {
  check(uc_open(UC_ARCH_ARM64, UC_MODE_ARM, &uc_), "open");
  const int model = config.model == CpuModel::kMax ? UC_CPU_ARM64_MAX : UC_CPU_ARM64_A72;
  check(uc_ctl_set_cpu_model(uc_, model), "CPU model");
  // The library's own default of 1 KiB would leave three quarters of a page behind at each TLBI.
  check(uc_ctl_set_page_size(uc_, static_cast<std::uint32_t>(abi::kGranuleSize)), "page size");
  check(uc_ctl_set_tcg_buffer_size(uc_, kCodeBufferBytes), "code buffer");
  // An empty set of exits: no address ends a run, PC 0 is as good as any.
  check(uc_ctl_exits_enable(uc_), "exits");
  check(uc_ctl_tlb_mode(uc_, UC_TLB_VIRTUAL), "TLB mode");
  for (std::size_t i = 0; i < dram.banks().size(); ++i) {
    const MemoryBank& bank = dram.banks()[i];
    check(uc_mem_map_ptr(uc_, bank.base.value, bank.size, UC_PROT_ALL, dram.bank_memory(i)), "map of a DRAM bank");
  }
  Hooks::install(uc_, *this);
  Hooks::skip_store_search(uc_, dram);
}

void Engine::map_constant(abi::Pa page, std::uint8_t byte) {
  const EngineScope scope;
  GranuleBytes& bytes = *constants_.emplace_back(std::make_unique<GranuleBytes>());
  bytes.fill(std::byte{byte});
  check(uc_mem_map_ptr(uc_, page.value, bytes.size(), UC_PROT_READ, bytes.data()), "map of constant bytes");
}

// What EL3 and EL2 set once, and the reset values of EL1.
void Engine::set_reset_state(const CpuConfig& config) {
  constexpr std::uint64_t kScrNs = 1U << 0, kScrRes1 = 3U << 4, kScrHce = 1U << 8, kScrRw = 1U << 10,
                          kScrApkApi = 3U << 16;  // SMD (bit 7) stays 0, or SMC would be UNDEFINED
  constexpr std::uint64_t kMdcrTpmTpmcr = 3U << 5;
  constexpr std::uint64_t kCnthctlAll = 3;  // EL1PCTEN, EL1PCEN
  constexpr std::uint64_t kSctlrReset = 0x30d00800;

  write_system(abi::sysreg_key(3, 6, 1, 1, 0), kScrNs | kScrRes1 | kScrHce | kScrRw | kScrApkApi);
  write_system(el2::kHcr, el2::kHcrRw | el2::kHcrTid3 | el2::kHcrTwi | el2::kHcrTlor |
                              (config.pointer_authentication ? el2::kHcrApkApi : 0));
  write_system(el2::kMdcr, read_system(el2::kMdcr).value_or(0) | kMdcrTpmTpmcr);
  write_system(el2::kCptr, kCptrTrapSve);
  write_system(el2::kCnthctl, kCnthctlAll);
  write_system(abi::sysreg_key(3, 3, 14, 0, 0), config.counter.frequency_hz());
  write_system(static_cast<std::uint32_t>(abi::SysReg::kSctlrEl1), kSctlrReset);
  set_pstate(abi::pstate::kResetEl1);
}

// What the architecture leaves UNKNOWN is zero.
void Engine::restore_reset_at_el2() {
  restore_reset();
  write_system(el2::kHcr, 0);
  write_system(el2::kMdcr, 0);
  write_system(el2::kCptr, kCptrTrapSve);
  write_system(el2::kSctlr, el2::kSctlrReset);
  set_pstate(el2::kResetPstate);
}

EngineStop Engine::run(std::uint64_t budget, std::uint64_t watch_mask, bool stop_at_wfe) {
  const EngineScope scope;
  slice_ = remaining_ = static_cast<std::int64_t>(budget);
  watch_mask_ = watch_mask | (stop_at_wfe ? Hooks::kWatchWfe : 0);
  stopped_ = unaligned_ = waits_ = fill_refused_ = false;
  block_begin_ = 0;
  exception_number_ = -1;
  const uc_err error = uc_emu_start(uc_, pc(), 0, 0, 0);

  EngineStop stop;
  std::int64_t retired = slice_ - remaining_;
  const auto unfinished = [&] { return static_cast<std::int64_t>((block_end_ - pc()) / 4); };
  if (error == UC_ERR_EXCEPTION && fill_refused_) {
    stop.kind = StopKind::kFault;
    // A fetch fills between two blocks, data in the middle of one.
    if (refused_kind_ != AccessKind::kFetch) retired -= unfinished();
  } else if (error == UC_ERR_OK && exception_number_ >= 0) {
    stop.kind = StopKind::kException;
    stop.exception_number = static_cast<unsigned>(exception_number_);
    retired -= unfinished();
  } else if (error == UC_ERR_OK && stopped_) {
    stop.kind = waits_ ? StopKind::kWaitForEvent : unaligned_ ? StopKind::kPcAlignment : StopKind::kBoundary;
  } else if (error == UC_ERR_OK && !stopped_) {  // the library halts at a WFI that nothing traps
    stop.kind = StopKind::kWaitForInterrupt;
    retired -= unfinished();
  } else {
    unexpected(error);
  }
  stop.retired = static_cast<std::uint64_t>(retired);
  return stop;
}

void Engine::end_slice() {
  if (remaining_ <= 0) return;
  slice_ -= remaining_;
  remaining_ = 0;
}

std::uint64_t Engine::retired_so_far() const {
  const auto unfinished = static_cast<std::int64_t>((block_end_ - pc()) / 4);
  return static_cast<std::uint64_t>(slice_ - remaining_ - unfinished);
}

EngineException Engine::exception() const {
  check(uc_context_save(uc_, context_), "context");
  const auto* bytes = reinterpret_cast<const std::byte*>(context_);
  const auto raw = read_syndrome({bytes, context_header_ + context_size_});
  return {.number = static_cast<unsigned>(exception_number_),
          .syndrome = raw.syndrome,
          .address = raw.address,
          .target_el = raw.target_el};
}

void Engine::unexpected(int error) const {
  std::fprintf(stderr, "ccasim: engine stopped without a reason: error %d (%s), pc %#llx, pstate %#llx\n", error,
               uc_strerror(static_cast<uc_err>(error)), static_cast<unsigned long long>(pc()),
               static_cast<unsigned long long>(pstate()));
  std::abort();
}

std::uint64_t Engine::x(unsigned n) const { return read64(uc_, x_register(n)); }
void Engine::set_x(unsigned n, std::uint64_t value) { write64(uc_, x_register(n), value); }

std::array<std::uint64_t, 18> Engine::smc_registers() const {
  std::array<std::uint64_t, 18> values{};
  std::array<int, 18> ids{};
  std::array<void*, 18> places{};
  for (unsigned n = 0; n < ids.size(); ++n) {
    ids[n] = x_register(n);
    places[n] = &values[n];
  }
  check(uc_reg_read_batch(uc_, ids.data(), places.data(), static_cast<int>(ids.size())), "read of registers");
  return values;
}

std::uint64_t Engine::pc() const { return read64(uc_, UC_ARM64_REG_PC); }
void Engine::set_pc(std::uint64_t value) { write64(uc_, UC_ARM64_REG_PC, value); }
std::uint64_t Engine::sp() const { return read64(uc_, UC_ARM64_REG_SP); }
void Engine::set_sp(std::uint64_t value) { write64(uc_, UC_ARM64_REG_SP, value); }
std::uint64_t Engine::banked_sp(unsigned el) const { return read64(uc_, UC_ARM64_REG_SP_EL0 + static_cast<int>(el)); }
void Engine::set_banked_sp(unsigned el, std::uint64_t value) {
  write64(uc_, UC_ARM64_REG_SP_EL0 + static_cast<int>(el), value);
}

std::array<std::uint64_t, 2> Engine::q(unsigned n) const {
  std::array<std::uint64_t, 2> value{};
  check(uc_reg_read(uc_, UC_ARM64_REG_Q0 + static_cast<int>(n), value.data()), "read of a vector register");
  return value;
}

void Engine::set_q(unsigned n, const std::array<std::uint64_t, 2>& value) {
  check(uc_reg_write(uc_, UC_ARM64_REG_Q0 + static_cast<int>(n), value.data()), "write of a vector register");
}

std::uint64_t Engine::pstate() const {
  std::uint32_t value = 0;
  check(uc_reg_read(uc_, UC_ARM64_REG_PSTATE, &value), "read of PSTATE");
  return value;
}

void Engine::set_pstate(std::uint64_t value) {
  const auto word = static_cast<std::uint32_t>(value);
  check(uc_reg_write(uc_, UC_ARM64_REG_PSTATE, &word), "write of PSTATE");
  // The library derives translation flags from PSTATE only at a write of a system register.
  constexpr auto kFar = static_cast<std::uint32_t>(abi::SysReg::kFarEl1);
  write_system(kFar, read_system(kFar).value_or(0));
}

std::optional<std::uint64_t> Engine::read_system(std::uint32_t key) const {
  auto reg = cp_reg(key, 0);
  if (uc_reg_read(uc_, UC_ARM64_REG_CP_REG, &reg) != UC_ERR_OK) return std::nullopt;
  return reg.val;
}

bool Engine::write_system(std::uint32_t key, std::uint64_t value) {
  const EngineScope scope;
  const auto reg = cp_reg(key, value);
  return uc_reg_write(uc_, UC_ARM64_REG_CP_REG, &reg) == UC_ERR_OK;
}

void Engine::flush_tlb() {
  const EngineScope scope;
  check(uc_ctl_flush_tlb(uc_), "TLB flush");
}

void Engine::drop_code(abi::Pa pa, std::uint64_t size) {
  const EngineScope scope;
  // The library takes a virtual address here: the fill hook answers this window with the PA in its low bits.
  dropping_code_ = true;
  check(uc_ctl_remove_cache(uc_, Hooks::kDropWindow | pa.value, (Hooks::kDropWindow | pa.value) + size), "code drop");
  dropping_code_ = false;
  check(uc_ctl_flush_tlb(uc_), "TLB flush");
}

std::vector<std::byte> Engine::save() const {
  check(uc_context_save(uc_, context_), "context");
  const auto* bytes = reinterpret_cast<const std::byte*>(context_) + context_header_;
  return {bytes, bytes + context_size_};
}

void Engine::restore(std::span<const std::byte> bytes) {
  const EngineScope scope;
  if (bytes.size() != context_size_) {
    std::fputs("ccasim: registers of another CPU model\n", stderr);
    std::abort();
  }
  std::memcpy(reinterpret_cast<std::byte*>(context_) + context_header_, bytes.data(), bytes.size());
  check(uc_context_restore(uc_, context_), "context");
  check(uc_ctl_flush_tlb(uc_), "TLB flush");
}

bool Engine::running() { return EngineScope::active(); }

}  // namespace sim
