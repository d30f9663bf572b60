// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/cpu/cpus.h"

#include <cstdio>
#include <cstdlib>
#include <utility>

#include "sim/cpu/cpu.h"

namespace sim {

Cpus::Cpus(Dram& dram, const Gpt& gpt, Execution& execution, CpuConfig config,
           std::function<rmm::port::Pe&()> current_pe)
    : dram_(dram),
      gpt_(gpt),
      execution_(execution),
      config_(config),
      current_pe_(std::move(current_pe)),
      code_pages_(dram.granule_count()),
      write_epoch_(dram.write_epoch()) {}

Cpus::~Cpus() = default;

// The lowest free context: a restored machine hands out the same ids.
std::uint32_t Cpus::allocate() {
  std::uint32_t id = 0;
  while (id < cpus_.size() && cpus_[id]->in_use()) ++id;
  if (id == cpus_.size()) {
    cpus_.push_back(std::make_unique<Cpu>(*this, id));
    if (stale_handler_) cpus_.back()->mmu().check_with(&shadow_, stale_handler_);
  }
  cpus_[id]->set_in_use(true);
  cpus_[id]->reset({});
  return id;
}

std::uint32_t Cpus::create_pe(Interconnect& outside) {
  const std::uint32_t id = allocate();
  cpus_[id]->attach(outside);
  cpus_[id]->reset({});
  return id;
}

void Cpus::release(std::uint32_t id) {
  if (id >= cpus_.size() || !cpus_[id]->in_use()) {
    std::fprintf(stderr, "ccasim: CPU context %u is not in use\n", id);
    std::abort();
  }
  cpus_[id]->set_in_use(false);
}

rmm::port::CpuId Cpus::create() { return {allocate()}; }
void Cpus::destroy(rmm::port::CpuId id) { release(id.value); }
rmm::port::RealmCpu& Cpus::at(rmm::port::CpuId id) { return *cpus_[id.value]; }
host::port::GuestCpuId Cpus::create_guest() { return {allocate()}; }
void Cpus::destroy_guest(host::port::GuestCpuId id) { release(id.value); }
host::port::GuestCpu& Cpus::guest(host::port::GuestCpuId id) { return *cpus_[id.value]; }
abi::gic::IchState& Cpus::ich() { return current_pe_().ich(); }
std::uint64_t Cpus::ich_misr() const { return current_pe_().ich_misr(); }

void Cpus::invalidate(abi::Vmid vmid, abi::IpaRange range) {
  shadow_.invalidate(vmid, true, range);
  flush_matching(vmid, true);
}

void Cpus::invalidate_all(abi::Vmid vmid) {
  shadow_.invalidate_all(vmid, true);
  flush_matching(vmid, true);
}

void Cpus::invalidate_stage2(abi::Vmid vmid, abi::IpaRange range) {
  shadow_.invalidate(vmid, false, range);
  flush_matching(vmid, false);
}

void Cpus::flush_matching(abi::Vmid vmid, bool realm) {
  for (const auto& cpu : cpus_)
    if (cpu->stage2().vmid == vmid && cpu->stage2().realm == realm) cpu->request_flush();
}

void Cpus::flush_peers(const Cpu& self, const abi::Stage2& stage2) {
  for (const auto& cpu : cpus_)
    if (cpu.get() != &self && cpu->stage2().vmid == stage2.vmid && cpu->stage2().realm == stage2.realm)
      cpu->request_flush();
}

void Cpus::flush_all() {
  dram_.cpu_caches().forget_translations();
  for (const auto& cpu : cpus_) cpu->request_flush();
}

void Cpus::forget_translations() {
  shadow_.clear();
  flush_all();
}

void Cpus::settle() {
  CpuCaches& caches = dram_.cpu_caches();
  bool stale = write_epoch_ != dram_.write_epoch();
  write_epoch_ = dram_.write_epoch();
  if (stale) code_pages_.compare_all();
  if (caches.any_stale()) {
    // Code is compared at the next fetch fill.
    for (const abi::GranulePa granule : caches.take_stale_code()) code_pages_.written(dram_.index(granule));
    caches.take_stale_translations();
    stale = true;
  }
  if (stale) flush_all();
}

void Cpus::save_all(CpusState& state) {
  state.cpus.assign(cpus_.size(), {});
  for (std::size_t i = 0; i < cpus_.size(); ++i)
    if (cpus_[i]->in_use()) cpus_[i]->save(state.cpus[i]);
  // How many contexts there ever were is no state.
  while (!state.cpus.empty() && !state.cpus.back().in_use) state.cpus.pop_back();
  flush_all();
}

void Cpus::restore_all(const CpusState& state) {
  while (cpus_.size() < state.cpus.size()) {
    cpus_.push_back(std::make_unique<Cpu>(*this, static_cast<std::uint32_t>(cpus_.size())));
    if (stale_handler_) cpus_.back()->mmu().check_with(&shadow_, stale_handler_);
  }
  for (std::size_t i = 0; i < cpus_.size(); ++i) {
    const bool in_use = i < state.cpus.size() && state.cpus[i].in_use;
    if (in_use) {
      cpus_[i]->restore(state.cpus[i]);
    } else {
      cpus_[i]->set_in_use(false);
    }
  }
  forget_translations();
}

void Cpus::check_translations(Mmu::StaleHandler handler) {
  stale_handler_ = std::move(handler);
  for (const auto& cpu : cpus_) cpu->mmu().check_with(stale_handler_ ? &shadow_ : nullptr, stale_handler_);
}

Translation Cpus::inspect(std::uint32_t id, abi::Va va, WalkLog& log) {
  return cpus_[id]->look(va, AccessKind::kRead, {.el0 = false, .pan = false}, log);
}

}  // namespace sim
