// SPDX-License-Identifier: GPL-2.0-or-later
#include <catch2/catch_test_macros.hpp>
#include <vector>

#include "host/kvm/gfn_ranges.h"
#include "host/kvm/page_alloc.h"
#include "host/kvm/sparse_pages.h"

using namespace host::kvm;

namespace {

struct Pool {
  PageAllocState state;
  AllocationFailure failure;
  PageAllocator pages{state, failure};
  Pool() {
    const host::port::MemoryBank banks[] = {{{0x8000'0000}, 70 * 4096}, {{0x9000'0000}, 4 * 4096}};
    pages.add_banks(banks);
  }
  std::uint64_t take(PageUse use = PageUse::kRtt) {
    const auto page = pages.alloc_page(use);
    return page ? page->pa().value : 0;
  }
};

}  // namespace

TEST_CASE("pages come lowest first, over all banks, until none is left") {
  Pool p;
  for (std::uint64_t i = 0; i < 70; ++i) CHECK(p.take() == 0x8000'0000 + i * 4096);
  for (std::uint64_t i = 0; i < 4; ++i) CHECK(p.take() == 0x9000'0000 + i * 4096);
  CHECK(p.take() == 0);
  p.pages.free_page(abi::GranulePa::containing({0x8000'5000}), PageUse::kRtt);
  p.pages.free_page(abi::GranulePa::containing({0x8000'3000}), PageUse::kRtt);
  CHECK(p.take() == 0x8000'3000);
  CHECK(p.take() == 0x8000'5000);
  CHECK(p.state.in_use[static_cast<std::size_t>(PageUse::kRtt)] == 74);
}

TEST_CASE("contiguous pages are aligned to their size") {
  Pool p;
  CHECK(p.take() == 0x8000'0000);
  const auto run = p.pages.alloc_pages_exact(8, PageUse::kStage2Root);
  REQUIRE(run);
  CHECK(run->pa().value == 0x8000'8000);
  CHECK(p.take() == 0x8000'1000);  // the gap stays usable
  p.pages.free_pages_exact(*run, 8, PageUse::kStage2Root);
  CHECK(p.state.in_use[static_cast<std::size_t>(PageUse::kStage2Root)] == 0);
  CHECK_FALSE(p.pages.alloc_pages_exact(128, PageUse::kStage2Root));
}

TEST_CASE("a lost page is recorded with its use when its owner frees it, and never comes back") {
  Pool p;
  const auto page = abi::GranulePa::containing({p.take(PageUse::kGuestMemfd)});
  p.pages.mark_lost(page);
  CHECK(p.state.leaked.empty());
  p.pages.free_page(page, PageUse::kGuestMemfd);
  REQUIRE(p.state.leaked.size() == 1);
  CHECK(p.state.leaked[0].page == page);
  CHECK(p.state.leaked[0].use == PageUse::kGuestMemfd);
  CHECK(p.take() != page.pa().value);
}

TEST_CASE("the failure hook decides by use and by number") {
  Pool p;
  p.failure = [](PageUse use, std::uint64_t n) { return use == PageUse::kRec || n == 2; };
  CHECK(p.take() != 0);
  CHECK(p.take(PageUse::kRec) == 0);
  CHECK(p.take() == 0);
  CHECK(p.take() != 0);
}

TEST_CASE("ranges merge, split and answer for every frame") {
  GfnRanges r;
  std::vector<bool> model(64, false);
  // A fixed pseudo-random walk against a bit per frame.
  std::uint32_t seed = 12345;
  const auto next = [&](std::uint32_t n) { return (seed = seed * 1664525 + 1013904223) / 65536 % n; };
  for (int i = 0; i < 2000; ++i) {
    const std::uint64_t a = next(64), b = a + next(65 - static_cast<std::uint32_t>(a));
    const bool insert = next(2) != 0;
    if (insert) {
      r.insert(a, b);
    } else {
      r.erase(a, b);
    }
    for (std::uint64_t k = a; k < b; ++k) model[k] = insert;
    const std::uint64_t from = next(64), to = from + next(65 - static_cast<std::uint32_t>(from));
    bool all_in = true, all_out = true;
    for (std::uint64_t k = 0; k < 64; ++k) {
      REQUIRE(r.contains(k) == model[k]);
      if (k >= from && k < to) (model[k] ? all_out : all_in) = false;
    }
    REQUIRE(r.all(from, to, true) == all_in);
    REQUIRE(r.all(from, to, false) == all_out);
  }
}

TEST_CASE("sparse pages hand out a range in order and keep the rest") {
  SparsePages s;
  for (const std::uint64_t i : {0ULL, 511ULL, 512ULL, 5000ULL}) s.insert(i, abi::GranulePa::from_frame(i + 1));
  std::vector<std::uint64_t> taken;
  s.take(511, 5000, [&](std::uint64_t index, abi::GranulePa page) {
    CHECK(page.frame() == index + 1);
    taken.push_back(index);
  });
  CHECK(taken == std::vector<std::uint64_t>{511, 512});
  CHECK(s.find(0));
  CHECK(s.find(5000));
  CHECK_FALSE(s.find(511));
}
