// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/cpu/unicorn/syndrome.h"

#include <unicorn/unicorn.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "sim/cpu/unicorn/host_time.h"

namespace sim {
namespace {

[[noreturn]] void fail(const char* what) {
  std::fprintf(stderr, "ccasim: engine: %s; is this a Unicorn 2.1.4 or newer?\n", what);
  std::abort();
}

std::vector<std::byte> context_after_svc(uc_engine* uc, std::uint32_t immediate) {
  const std::uint32_t svc = 0xd4000001U | (immediate << 5);
  uc_hook hook = 0;
  const auto stop = +[](uc_engine* engine, std::uint32_t, void*) { uc_emu_stop(engine); };
  uc_context* context = nullptr;
  if (uc_mem_write(uc, immediate & ~0xfU, &svc, sizeof svc) != UC_ERR_OK ||
      uc_hook_add(uc, &hook, UC_HOOK_INTR, reinterpret_cast<void*>(stop), nullptr, 1, 0) != UC_ERR_OK ||
      uc_emu_start(uc, immediate & ~0xfU, 0xfff000, 0, 0) != UC_ERR_OK || uc_context_alloc(uc, &context) != UC_ERR_OK ||
      uc_context_save(uc, context) != UC_ERR_OK)
    fail("cannot find the exception syndrome");
  const auto* bytes = reinterpret_cast<const std::byte*>(context);
  std::vector<std::byte> copy(bytes, bytes + uc_context_size(uc));
  uc_context_free(context);
  uc_hook_del(uc, hook);
  return copy;
}

// Executes SVC with two different immediates: where both syndromes are found is the place.
std::size_t find_offset() {
  constexpr std::uint32_t kFirst = 0x1234, kSecond = 0x5a3c, kSvcSyndrome = 0x56000000;
  const EngineScope scope;
  uc_engine* uc = nullptr;
  if (uc_open(UC_ARCH_ARM64, UC_MODE_ARM, &uc) != UC_ERR_OK || uc_mem_map(uc, 0, 0x10000, UC_PROT_ALL) != UC_ERR_OK)
    fail("cannot be opened");
  const auto first = context_after_svc(uc, kFirst);
  const auto second = context_after_svc(uc, kSecond);
  uc_close(uc);
  const auto word = [](const std::vector<std::byte>& bytes, std::size_t at) {
    std::uint32_t value = 0;
    std::memcpy(&value, bytes.data() + at, sizeof value);
    return value;
  };
  for (std::size_t at = 0; at + sizeof(RawSyndrome) <= first.size(); at += 4)
    if (word(first, at) == (kSvcSyndrome | kFirst) && word(second, at) == (kSvcSyndrome | kSecond)) return at;
  fail("the exception syndrome is not where it can be found");
}

}  // namespace

RawSyndrome read_syndrome(std::span<const std::byte> context) {
  static const std::size_t offset = find_offset();
  RawSyndrome raw{};
  std::memcpy(&raw, context.data() + offset, sizeof raw);
  return raw;
}

}  // namespace sim
