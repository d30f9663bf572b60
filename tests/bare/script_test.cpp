// SPDX-License-Identifier: GPL-2.0-or-later
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <fmt/format.h>

#include "sim/script/play.h"
#include "sim/script/print.h"
#include "tests/fuzz/rmi/session.h"

namespace {

namespace bare = sim::bare;
namespace script = sim::script;

script::Played play(const std::string& text, bare::Check check, std::vector<bare::Turn>* turns = nullptr,
                    std::vector<std::string>* said = nullptr) {
  const auto program = script::parse(text);
  if (!program) {
    script::Played refused;
    refused.error = program.error();
    return refused;
  }
  script::Play play(*program, check, [&](std::string_view line) {
    if (said != nullptr) said->emplace_back(line);
  });
  if (turns != nullptr) play.set_recorder([turns](const bare::Turn& turn) { turns->push_back(turn); });
  return play.run();
}

void expect_clean(const script::Played& played) {
  if (played.error) FAIL_CHECK("line " << played.error->line << ": " << played.error->message);
  CHECK(played.unexpected == std::vector<std::string>{});
  CHECK(played.findings == std::vector<std::string>{});
  CHECK(played.not_reached == 0);
}

TEST_CASE("The scripts in configs/scripts meet their expectations, under every check") {
  unsigned scripts = 0;
  for (const auto& entry : std::filesystem::directory_iterator("configs/scripts")) {
    if (entry.path().extension() != ".rmi") continue;
    std::ifstream in(entry.path());
    const std::string text(std::istreambuf_iterator<char>(in), {});
    for (const bare::Check check : {bare::Check::kNone, bare::Check::kInvariants, bare::Check::kModel}) {
      INFO(entry.path().filename());
      const script::Played played = play(text, check);
      expect_clean(played);
      CHECK(played.expectations >= 8);
      CHECK(played.commands > played.failed);
    }
    ++scripts;
  }
  CHECK(scripts >= 5);
}

// The realm's registers as a script sets them, and what the exit shows, which the model compares.
TEST_CASE("A8.1: the overflow of a realm's PMU and its timers show in the exit; without a PMU nothing overflows") {
  for (const unsigned pmu : {0U, 1U}) {
    const std::string text = fmt::format(R"(machine num_rec_aux=0 pmu=1 pmu_num_ctrs=6
granules rd tables=1 rec params run
RMI_GRANULE_DELEGATE rd
RMI_GRANULE_DELEGATE tables
RMI_GRANULE_DELEGATE rec
RmiRealmParams at=params flags={} pmu_num_ctrs={} s2sz=33 rtt_base=tables rtt_level_start=1 rtt_num_start=1 vmid=1
RMI_REALM_CREATE rd params
RmiRecParams at=params flags=1
RMI_REC_CREATE rd rec params
RMI_REALM_ACTIVATE rd
RmiRecEnter at=run flags=4
RMI_REC_ENTER rec run
register key=PMCR_EL0 value=1
register key=PMOVSSET_EL0 value=2
register key=PMINTENSET_EL1 value=1
register key=CNTV_CVAL_EL0 value=0x77
wfi
expect exit=SYNC exit.pmu_ovf_status=0 exit.cntv_cval=0x77
RMI_REC_ENTER rec run
register key=PMINTENSET_EL1 value=3
wfi
expect exit=SYNC exit.pmu_ovf_status={}
)",
                                         pmu == 1 ? 4 : 0, pmu == 1 ? 6 : 0, pmu);
    for (const bare::Check check : {bare::Check::kNone, bare::Check::kInvariants, bare::Check::kModel})
      expect_clean(play(text, check));
  }
}

struct Mistake {
  const char* text;
  std::size_t line;
  const char* said;
};

TEST_CASE("A mistake in a script is one message with its line and what is expected") {
  const Mistake mistake = GENERATE(
      Mistake{"RMI_VERSION\nRMI_GRANULE_DELGATE 0", 2, "'RMI_GRANULE_DELGATE' is no command"},
      Mistake{"RMI_GRANULE_DELEGATE address=0", 1, "RMI_GRANULE_DELEGATE has no argument 'address'; it has addr"},
      Mistake{"RMI_GRANULE_DELEGATE 1 2", 1, "'2' is more than RMI_GRANULE_DELEGATE takes"},
      Mistake{"# one\n\nRMI_GRANULE_DELEGATE rd", 3, "'rd' is not defined"},
      Mistake{"RMI_GRANULE_DELEGATE 0x12q", 1, "'0x12q' is no value"},
      Mistake{"RmiRealmParams at=0x80000000 s3sz=3", 1, "RmiRealmParams has no field 's3sz'; it has flags, s2sz"},
      Mistake{"RmiRealmParams s2sz=3", 1, "RmiRealmParams needs at=ADDRESS"},
      Mistake{"RmiRecEnter at=0 gprs[31]=1", 1, "RmiRecEnter has no field 'gprs[31]'"},
      Mistake{"RMI_VERSION\nmachine dram=1M", 2, "'machine' comes before everything else"},
      Mistake{"machine ram=1M", 1, "'machine' has no argument 'ram'"},
      Mistake{"machine dram=1", 1, "DRAM of 0x1 bytes"}, Mistake{"machine num_rec_aux=17", 1, "num_rec_aux up to 16"},
      Mistake{"machine dram=65G", 1, "up to 64G"}, Mistake{"machine high_base=0xffffffffff000", 1, "all below"},
      Mistake{"RMI_VERSION\nexpect", 2, "'expect' is followed by what must hold"},
      Mistake{"expect RMI_SUCCESS", 1, "'expect' is about the line before"},
      Mistake{"let 3 = 4", 1, "'let' is written"}, Mistake{"granules", 1, "'granules' is followed by names"},
      Mistake{"machine dram=64K\ngranules a=17", 2, "no DRAM is left for 'a'"},
      Mistake{"pe=32 RMI_VERSION", 1, "a PE is a number from 0 to 31"},
      Mistake{"together first=0\nRMI_VERSION", 1, "'together' is followed by two lines"},
      Mistake{"together\nRMI_VERSION\nRMI_VERSION", 3, "different PEs"},
      Mistake{"pas at=0x80000000 to=realm", 1, "expected 'pas at=ADDRESS to=secure'"},
      Mistake{"load ipa=0 size=3", 1, "a size of 1, 2, 4 or 8"},
      Mistake{"RMI_VERSION\nlet a = out.top", 2, "the last command has no output 'top'"},
      Mistake{"show me", 1, "'show' knows granules"}, Mistake{"fill at=0 at=0", 1, "'at' is given twice"});
  const script::Played played = play(mistake.text, bare::Check::kNone);
  INFO(mistake.text);
  REQUIRE(played.error);
  INFO(played.error->message);
  CHECK(played.error->line == mistake.line);
  CHECK(played.error->message.find(mistake.said) != std::string::npos);
}

TEST_CASE("An expectation that is not met says what came instead") {
  const script::Played played =
      play("RMI_GRANULE_DELEGATE 0x1000\nexpect RMI_SUCCESS gran_state index=1 top=3\nexpect exit=IRQ running",
           bare::Check::kNone);
  REQUIRE(played.unexpected.size() == 6);
  CHECK(played.unexpected[0].find("got RMI_GRANULE_DELEGATE RMI_ERROR_INPUT gran_bound") != std::string::npos);
  CHECK(played.unexpected[2].find("got index 0") != std::string::npos);
  CHECK(played.unexpected[3].find("no command that ended has an output 'top'") != std::string::npos);
}

TEST_CASE("A failure is told by its condition in words, with the values") {
  std::vector<std::string> said;
  (void)play("RMI_GRANULE_DELEGATE 0x80000008", bare::Check::kNone, nullptr, &said);
  REQUIRE(said.size() == 2);
  CHECK(said[1] == "      -> RMI_ERROR_INPUT  gran_align: addr is not granule aligned  (addr = 0x80000008)");
}

TEST_CASE("What the fuzzer does and its script do the same") {
  for (std::uint64_t episode = 0; episode < 8; ++episode) {
    fuzz::Recording recording;
    REQUIRE_FALSE(fuzz::record({}, 11, episode, recording));
    std::string text = script::line_of(recording.settings) + "\n";
    std::vector<std::string> lines;
    for (const bare::Turn& turn : recording.turns)
      for (const std::string& line : script::lines_of(turn)) lines.push_back(line);
    text += fmt::format("{}\n", fmt::join(lines, "\n"));
    std::vector<bare::Turn> turns;
    const script::Played played = play(text, bare::Check::kLocal, &turns);
    if (played.error) FAIL("line " << played.error->line << ": " << played.error->message);
    CHECK(played.findings.empty());
    std::vector<std::string> again;
    for (const bare::Turn& turn : turns)
      for (const std::string& line : script::lines_of(turn)) again.push_back(line);
    CHECK(again == lines);
    CHECK(played.commands > 1000);
  }
}

}  // namespace
