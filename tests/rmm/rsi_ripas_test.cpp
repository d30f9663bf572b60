// SPDX-License-Identifier: GPL-2.0-or-later
// RSI_IPA_STATE_SET over its exit (B5.3.6, A4.3.8, A5.4).
#include <catch2/catch_test_macros.hpp>

#include "tests/rmm/run_bench.h"

using namespace bench;

namespace {

constexpr std::uint64_t kTop = 0x4010'0000;
constexpr std::uint64_t kRipasRam = 1;

std::vector<std::uint64_t> request(std::uint64_t ripas = kRipasRam, std::uint64_t flags = 0) {
  return {v1_0::kRsiIpaStateSet, kRam.value, kTop, ripas, flags};
}

}  // namespace

TEST_CASE("the exit shows region and RIPAS, and opens the window") {
  Bench b;
  b.smc(request(kRipasRam | 0xff00, v1_0::kRipasChangeDestroyed));
  CHECK(named_fields(b.enter()) == Names{"exit_reason", "ripas_base", "ripas_top", "ripas_value"});
  CHECK(b.exit.exit_reason == reason(v1_0::RecExitReason::kRipasChange));
  CHECK(b.exit.ripas_base == kRam.value);
  CHECK(b.exit.ripas_top == kTop);
  CHECK(b.exit.ripas_value == 1);
  CHECK(b.rec().ripas.addr == kRam);
  CHECK(b.rec().ripas.top.value == kTop);
  CHECK(b.rec().ripas.change_destroyed);
}

TEST_CASE("the next entry answers with the progress the host made") {
  Bench b;
  b.smc(request());
  b.enter();
  b.rec().ripas.addr = {0x4000'8000};  // RMI_RTT_SET_RIPAS
  b.enter();
  CHECK(b.cpu().x(0) == 0);
  CHECK(b.cpu().x(1) == 0x4000'8000);
  CHECK(b.cpu().x(2) == 0);
  CHECK(b.cpu().x(3) == 0);
  CHECK(b.cpu().pc() == 0x1004);
  CHECK(b.observer.events ==
        Names{"RSI_IPA_STATE_SET begin", "exit RIPAS_CHANGE", "RSI_IPA_STATE_SET RSI_SUCCESS", "exit IRQ"});
}

TEST_CASE("the observer hears at the next entry which call has ended") {
  struct End : rmm::port::Observer {
    void command_end(const rmm::port::CommandEnd& e) override { fid = e.fid; }
    std::uint32_t fid = 0;
  } end;
  Bench b;
  b.platform.observer = &end;
  b.smc(request());
  b.enter();
  CHECK(end.fid == 0);
  b.enter();
  CHECK(end.fid == v1_0::kRsiIpaStateSet);
}

TEST_CASE("A4.3.8 RIPAS window: it closes by the next exit", "[easily-skipped]") {
  Bench b;
  b.smc(request());
  b.enter();
  b.enter();
  CHECK(b.rec().ripas.addr.value == 0);
  CHECK(b.rec().ripas.top.value == 0);
  b.cpu().set_x(0, 0x55);
  b.enter();
  CHECK(b.cpu().x(0) == 0x55);
}

TEST_CASE("a rejection is shown for RAM that is not complete, and for nothing else") {
  struct Case {
    std::uint64_t ripas, progress, response;
  };
  for (const Case& c : {Case{1, kRam.value, 1}, Case{1, 0x4000'8000, 1}, Case{1, kTop, 0}, Case{0, kRam.value, 0}}) {
    Bench b;
    b.smc(request(c.ripas));
    b.enter();
    b.rec().ripas.addr = {c.progress};
    b.enter_flags(v1_0::kEnterRipasResponse);
    CHECK(b.cpu().x(1) == c.progress);
    CHECK(b.cpu().x(2) == c.response);
  }
}

TEST_CASE("RSI_IPA_STATE_SET failure conditions return at once, without a window") {
  struct Case {
    std::uint64_t base, top, ripas;
    const char* id;
  };
  const Case cases[] = {{0x4000'0800, 0x4000'1000, 1, "base_align"},     {0x4000'0000, 0x4000'0800, 1, "top_align"},
                        {0x4000'1000, 0x4000'1000, 1, "size_valid"},     {0x4000'1000, 0x4000'0000, 1, "size_valid"},
                        {0x4000'0000, kShared + 0x1000, 1, "rgn_bound"}, {0x4000'0000, 0x4000'1000, 2, "ripas_valid"},
                        {0x4000'0000, 0x4000'1000, 3, "ripas_valid"}};
  for (const Case& c : cases) {
    Bench b;
    b.smc({v1_0::kRsiIpaStateSet, c.base, c.top, c.ripas, 0});
    CHECK(b.enter().exit_reason == reason(v1_0::RecExitReason::kIrq));
    CHECK(b.cpu().x(0) == 1);
    CHECK(b.rec().ripas.top.value == 0);
    CHECK(b.observer.events.at(1) == std::string("RSI_IPA_STATE_SET RSI_ERROR_INPUT ") + c.id);
  }
}
