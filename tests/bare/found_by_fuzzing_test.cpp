// SPDX-License-Identifier: GPL-2.0-or-later
// What fuzzing found, as the script that showed it.
#include <catch2/catch_test_macros.hpp>
#include <string>

#include "sim/script/play.h"

namespace {

namespace bare = sim::bare;
namespace script = sim::script;

// Two realms: one with two RECs that run, one without.
constexpr const char* kRealms = R"(
machine num_rec_aux=0
granules rd tables rec other_rec rd2 tables2 params run
RMI_GRANULE_DELEGATE rd
RMI_GRANULE_DELEGATE tables
RMI_GRANULE_DELEGATE rec
RMI_GRANULE_DELEGATE other_rec
RMI_GRANULE_DELEGATE rd2
RMI_GRANULE_DELEGATE tables2
RmiRealmParams at=params s2sz=33 rtt_base=tables rtt_level_start=1 rtt_num_start=1 vmid=1
RMI_REALM_CREATE rd params
RmiRecParams at=params flags=1
RMI_REC_CREATE rd rec params
RmiRecParams at=params flags=1 mpidr=1
RMI_REC_CREATE rd other_rec params
expect RMI_SUCCESS
RMI_REALM_ACTIVATE rd
RmiRecEnter at=run
)";

void expect_nothing_found(const std::string& text, bare::Check check) {
  const auto program = script::parse(text);
  if (!program) FAIL("line " << program.error().line << ": " << program.error().message);
  const script::Played played = script::Play(*program, check, [](std::string_view) {}).run();
  CHECK_FALSE(played.error);
  CHECK(played.unexpected == std::vector<std::string>{});
  CHECK(played.findings == std::vector<std::string>{});
  CHECK(played.not_reached == 0);
}

TEST_CASE("model: what is in X2 and X3 of PSCI_AFFINITY_INFO is no part of the request that the host answers") {
  expect_nothing_found(std::string(kRealms) + R"(
RMI_REC_ENTER rec run
PSCI_AFFINITY_INFO target_affinity=1 lowest_affinity_level=0x500000000 x3=7
expect exit=PSCI
RMI_PSCI_COMPLETE rec other_rec 0
expect RMI_SUCCESS
)",
                       bare::Check::kModel);
}

TEST_CASE("I15: a realm begins at the RD of one that has ended, while a REC of a third runs") {
  expect_nothing_found(std::string(kRealms) + R"(
RmiRealmParams at=params s2sz=33 rtt_base=tables2 rtt_level_start=1 rtt_num_start=1 vmid=2
RMI_REALM_CREATE rd2 params
RMI_REALM_ACTIVATE rd2
pe=1 RMI_REC_ENTER rec run
expect running
RMI_REALM_DESTROY rd2
expect RMI_SUCCESS
RmiRealmParams at=params s2sz=34 rtt_base=tables2 rtt_level_start=1 rtt_num_start=1 vmid=2
RMI_REALM_CREATE rd2 params
expect RMI_SUCCESS
RMI_GRANULE_UNDELEGATE other_rec+0x100000
)",
                       bare::Check::kInvariants);
}

TEST_CASE(
    "model: a page was Non-secure when the command read it, though another PE delegated it before the command acted") {
  expect_nothing_found(R"(
granules rd tables params
RMI_GRANULE_DELEGATE rd
RMI_GRANULE_DELEGATE tables
RmiRealmParams at=params s2sz=39 rtt_base=tables rtt_level_start=1 rtt_num_start=1
together first=0 preempt=0
pe=1 RMI_REALM_CREATE rd params
pe=2 RMI_GRANULE_DELEGATE params
expect RMI_SUCCESS
)",
                       bare::Check::kModel);
}

TEST_CASE("model: a REC is destroyed while another one of its realm is being made") {
  for (int step = 0; step < 12; ++step) {
    INFO("preempted before Step " << step);
    expect_nothing_found(std::string(R"(
machine num_rec_aux=0
granules rd tables rec other params other_params
RMI_GRANULE_DELEGATE rd
RMI_GRANULE_DELEGATE tables
RMI_GRANULE_DELEGATE rec
RMI_GRANULE_DELEGATE other
RmiRealmParams at=params s2sz=32 rtt_base=tables rtt_level_start=1 rtt_num_start=1
RMI_REALM_CREATE rd params
RmiRecParams at=params
RMI_REC_CREATE rd rec params
expect RMI_SUCCESS
RmiRecParams at=other_params mpidr=1
together first=1 preempt=)") +
                             std::to_string(step) + R"(
pe=0 RMI_REC_DESTROY rec
pe=1 RMI_REC_CREATE rd other other_params
expect RMI_SUCCESS
RMI_REC_DESTROY other
RMI_REALM_DESTROY rd
expect RMI_SUCCESS
)",
                         bare::Check::kModel);
  }
}

// A command that gives several granules back lets each of them go by itself, before it has ended.
TEST_CASE("model: an auxiliary granule is taken by another PE while RMI_REC_DESTROY gives the others back") {
  for (int step = 0; step < 24; ++step) {
    INFO("preempted before Step " << step);
    expect_nothing_found(std::string(R"(
machine num_rec_aux=3
granules rd tables rec aux=3 params
RMI_GRANULE_DELEGATE rd
RMI_GRANULE_DELEGATE tables
RMI_GRANULE_DELEGATE rec
RMI_GRANULE_DELEGATE aux
RMI_GRANULE_DELEGATE aux+0x1000
RMI_GRANULE_DELEGATE aux+0x2000
RmiRealmParams at=params s2sz=32 rtt_base=tables rtt_level_start=1 rtt_num_start=1
RMI_REALM_CREATE rd params
RmiRecParams at=params num_aux=3 aux[0]=aux aux[1]=aux+0x1000 aux[2]=aux+0x2000
RMI_REC_CREATE rd rec params
expect RMI_SUCCESS
together first=1 preempt=)") +
                             std::to_string(step) + R"(
pe=0 RMI_GRANULE_UNDELEGATE aux+0x1000
pe=1 RMI_REC_DESTROY rec
expect RMI_SUCCESS
RMI_REALM_DESTROY rd
expect RMI_SUCCESS
)",
                         bare::Check::kModel);
  }
}

TEST_CASE("model: a starting table is taken by another PE while RMI_REALM_DESTROY gives the others back") {
  for (int step = 0; step < 24; ++step) {
    INFO("preempted before Step " << step);
    expect_nothing_found(std::string(R"(
granules rd rd2 tables=4 params params2
RMI_GRANULE_DELEGATE rd
RMI_GRANULE_DELEGATE rd2
RMI_GRANULE_DELEGATE tables
RMI_GRANULE_DELEGATE tables+0x1000
RMI_GRANULE_DELEGATE tables+0x2000
RMI_GRANULE_DELEGATE tables+0x3000
RmiRealmParams at=params s2sz=41 rtt_base=tables rtt_level_start=1 rtt_num_start=4
RMI_REALM_CREATE rd params
expect RMI_SUCCESS
RmiRealmParams at=params2 s2sz=32 vmid=1 rtt_base=tables+0x1000 rtt_level_start=1 rtt_num_start=1
together first=1 preempt=)") +
                             std::to_string(step) + R"(
pe=0 RMI_REALM_CREATE rd2 params2
pe=1 RMI_REALM_DESTROY rd
expect RMI_SUCCESS
RMI_GRANULE_UNDELEGATE tables
expect RMI_SUCCESS
)",
                         bare::Check::kModel);
  }
}

TEST_CASE("model: a realm asks for a REC that another PE destroys: it is there until the destruction has its effect") {
  for (int step = 0; step < 16; ++step) {
    for (const char* call :
         {"PSCI_AFFINITY_INFO target_affinity=1", "PSCI_CPU_ON target_cpu=1 entry_point_address=0"}) {
      INFO(call << ", preempted before Step " << step);
      expect_nothing_found(std::string(kRealms) + "RMI_REC_ENTER rec run\ntogether first=1 preempt=" +
                               std::to_string(step) + "\npe=0 " + call + "\npe=1 RMI_REC_DESTROY other_rec\n",
                           bare::Check::kModel);
    }
  }
}

}  // namespace
