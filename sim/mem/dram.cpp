// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/mem/dram.h"

#include <fmt/format.h>
#include <gcrypt.h>
#include <sys/mman.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <utility>

namespace sim {
namespace {

constexpr GranuleBytes kZeroes{};

bool is_zero(const std::byte* bytes) { return std::memcmp(bytes, kZeroes.data(), kZeroes.size()) == 0; }

[[noreturn]] void die(const std::string& message) {
  std::fputs(message.c_str(), stderr);
  std::abort();
}

// SHA-256 over (address, content) of granules fed in ascending order.
class ContentHash {
 public:
  ContentHash() {
    if (!gcry_control(GCRYCTL_INITIALIZATION_FINISHED_P)) {
      gcry_check_version(nullptr);
      gcry_control(GCRYCTL_DISABLE_SECMEM, 0);
      gcry_control(GCRYCTL_INITIALIZATION_FINISHED, 0);
    }
    if (gcry_md_open(&md_, GCRY_MD_SHA256, 0) != 0) die("sim/mem: libgcrypt offers no SHA-256\n");
  }
  ~ContentHash() { gcry_md_close(md_); }
  ContentHash(const ContentHash&) = delete;
  ContentHash& operator=(const ContentHash&) = delete;

  void add(abi::GranulePa granule, const std::byte* bytes) {
    const std::uint64_t address = granule.pa().value;
    gcry_md_write(md_, &address, sizeof address);
    gcry_md_write(md_, bytes, abi::kGranuleSize);
  }
  Sha256 finish() {
    Sha256 out;
    std::memcpy(out.data(), gcry_md_read(md_, GCRY_MD_SHA256), out.size());
    return out;
  }

 private:
  gcry_md_hd_t md_ = nullptr;
};

void check_banks(const std::vector<MemoryBank>& banks) {
  if (banks.empty()) throw std::invalid_argument("a machine needs at least one memory bank");
  std::uint64_t end = 0;
  for (const auto& bank : banks) {
    if (bank.size == 0 || !abi::is_granule_aligned(bank.base) || !abi::is_aligned(bank.size, abi::kGranuleSize))
      throw std::invalid_argument(fmt::format("memory bank {:#x} of {:#x} bytes: base and size must be multiples of {}",
                                              bank.base.value, bank.size, abi::kGranuleSize));
    if (bank.base.value < end || bank.base.value + bank.size < bank.base.value)
      throw std::invalid_argument(fmt::format("memory bank {:#x}: banks must ascend and not overlap", bank.base.value));
    end = bank.base.value + bank.size;
  }
}

}  // namespace

Sha256 DramSnapshot::sha256() const {
  ContentHash hash;
  for (const auto& page : pages_) hash.add(page.granule, page.bytes->data());
  return hash.finish();
}

Dram::Dram(std::vector<MemoryBank> banks) : banks_(std::move(banks)) {
  check_banks(banks_);
  for (const auto& bank : banks_) {
    void* memory = mmap(nullptr, bank.size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) {
      for (std::size_t i = 0; i < memory_.size(); ++i) munmap(memory_[i], banks_[i].size);
      throw std::invalid_argument(
          fmt::format("this computer cannot reserve {:#x} bytes of address space for memory bank {:#x}: configure less "
                      "memory, or raise the limit (ulimit -v)",
                      bank.size, bank.base.value));
    }
    memory_.push_back(static_cast<std::byte*>(memory));
    first_.push_back(total_);
    total_ += bank.size >> abi::kGranuleShift;
  }
  populated_ = GranuleBits(total_ / kChunk + 1);
  touched_ = GranuleBits(total_);
  dirty_ = GranuleBits(total_);
  caches_ = CpuCaches(total_);
}

Dram::~Dram() {
  for (std::size_t i = 0; i < banks_.size(); ++i) munmap(memory_[i], banks_[i].size);
}

void Dram::outside(abi::GranulePa granule) const {
  std::string map;
  for (const auto& bank : banks_)
    map += fmt::format("  bank {:#x} .. {:#x}\n", bank.base.value, bank.base.value + bank.size - 1);
  die(fmt::format("sim/mem: access to PA {:#x}, which is not DRAM\n{}", granule.pa().value, map));
}

std::byte* Dram::host(std::size_t index) const {
  std::size_t bank = banks_.size() - 1;
  while (first_[bank] > index) --bank;
  return memory_[bank] + ((index - first_[bank]) << abi::kGranuleShift);
}

void Dram::populate_chunk(std::size_t chunk) {
  populated_.set(chunk);
  std::size_t bank = banks_.size() - 1;
  while (first_[bank] > chunk * kChunk) --bank;
  const std::size_t begin = chunk * kChunk - first_[bank];
  const std::size_t end = std::min<std::size_t>(begin + kChunk, banks_[bank].size >> abi::kGranuleShift);
#ifdef MADV_POPULATE_WRITE
  // Only advice: older kernels refuse it, and then each page faults by itself.
  madvise(memory_[bank] + (begin << abi::kGranuleShift), (end - begin) << abi::kGranuleShift, MADV_POPULATE_WRITE);
#endif
}

abi::GranulePa Dram::granule(std::size_t index) const {
  std::size_t bank = banks_.size() - 1;
  while (first_[bank] > index) --bank;
  return abi::GranulePa::containing(banks_[bank].base + ((index - first_[bank]) << abi::kGranuleShift));
}

DramSnapshot Dram::snapshot() {
  // Merge of two ascending sequences: the pages of the last snapshot, and the granules written since, which win.
  DramSnapshot next;
  auto old = base_.pages_.begin();
  dirty_.for_each([&](std::size_t n) {
    const abi::GranulePa at = granule(n);
    for (; old != base_.pages_.end() && old->granule < at; ++old) next.pages_.push_back(*old);
    std::shared_ptr<const GranuleBytes> before;
    if (old != base_.pages_.end() && old->granule == at) before = (old++)->bytes;
    const std::byte* bytes = host(n);
    if (is_zero(bytes)) return;
    if (!before || std::memcmp(before->data(), bytes, abi::kGranuleSize) != 0) {
      auto copy = std::make_shared<GranuleBytes>();
      std::memcpy(copy->data(), bytes, abi::kGranuleSize);
      before = std::move(copy);
    }
    next.pages_.push_back({at, std::move(before)});
  });
  next.pages_.insert(next.pages_.end(), old, base_.pages_.end());
  base_ = next;
  dirty_.clear_all();
  ++write_epoch_;
  return next;
}

void Dram::restore(const DramSnapshot& snapshot) {
  // Every granule where the present may differ from the snapshot: dirty now, or another page than in base_.
  const auto put = [&](abi::GranulePa at, const std::byte* bytes) {
    const std::size_t n = index(at);
    if (std::memcmp(host(n), bytes, abi::kGranuleSize) == 0) return;
    std::memcpy(write_native(at), bytes, abi::kGranuleSize);
  };
  auto old = base_.pages_.begin();
  const auto old_end = base_.pages_.end();
  for (const auto& page : snapshot.pages_) {
    for (; old != old_end && old->granule < page.granule; ++old) put(old->granule, kZeroes.data());
    const bool same = old != old_end && old->granule == page.granule && old->bytes == page.bytes;
    if (old != old_end && old->granule == page.granule) ++old;
    if (!same || dirty_.test(index(page.granule))) put(page.granule, page.bytes->data());
  }
  for (; old != old_end; ++old) put(old->granule, kZeroes.data());
  // Granules that were zero at base_ and are zero in the snapshot, but were written in between.
  auto kept = snapshot.pages_.begin();
  dirty_.for_each([&](std::size_t n) {
    const abi::GranulePa at = granule(n);
    while (kept != snapshot.pages_.end() && kept->granule < at) ++kept;
    if (kept == snapshot.pages_.end() || kept->granule != at) put(at, kZeroes.data());
  });
  base_ = snapshot;
  dirty_.clear_all();
  ++write_epoch_;
}

Sha256 Dram::sha256() const {
  ContentHash hash;
  touched_.for_each([&](std::size_t n) {
    const std::byte* bytes = host(n);
    if (!is_zero(bytes)) hash.add(granule(n), bytes);
  });
  return hash.finish();
}

}  // namespace sim
