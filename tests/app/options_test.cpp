// SPDX-License-Identifier: GPL-2.0-or-later
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "sim/app/options.h"

using namespace sim::app;
using Catch::Matchers::ContainsSubstring;

namespace {

RunOptions parsed(const std::vector<std::string>& arguments, const std::string& command = "run") {
  const auto result = parse_run_options(command, arguments);
  REQUIRE(result.has_value());
  return std::get<RunOptions>(*result);
}

std::string refused(const std::vector<std::string>& arguments, const std::string& command = "run") {
  const auto result = parse_run_options(command, arguments);
  return result ? "accepted" : result.error().message;
}

}  // namespace

TEST_CASE("options of run are read into their fields") {
  const auto options = parsed({"c.json", "--vcpus", "4", "--max-instructions=1000", "--until", "20ms", "--check",
                               "--verbose", "--set", "a.b=1", "--set", "c=d=e"});
  CHECK(options.config == "c.json");
  CHECK(options.vcpus == 4U);
  CHECK(options.max_instructions == 1000U);
  CHECK(options.until_ns == 20'000'000U);
  CHECK(options.check == Check::kInvariants);
  CHECK(options.verbose);
  CHECK_FALSE(parsed({"c.json"}).verbose);
  CHECK(options.set == std::vector<std::pair<std::string, std::string>>{{"a.b", "1"}, {"c", "d=e"}});
}

TEST_CASE(
    "a bare --check is the invariants, --check=model the model, --check=secrets more runs; the word behind it is the "
    "configuration") {
  CHECK(parsed({"c.json"}).check == Check::kNone);
  CHECK(parsed({"--check", "c.json"}).config == "c.json");
  CHECK(parsed({"--check", "c.json"}).check == Check::kInvariants);
  CHECK(parsed({"--check=model", "c.json"}).check == Check::kModel);
  CHECK(parsed({"--check=secrets", "c.json"}).check == Check::kSecrets);
  CHECK(parsed({"c.json", "--check=invariants"}).check == Check::kInvariants);
}

TEST_CASE("a wrong command line gets one message with the next step") {
  CHECK_THAT(refused({"c.json", "--vcpu", "4"}), ContainsSubstring("did you mean '--vcpus'"));
  CHECK_THAT(refused({"c.json", "--until", "soon"}), ContainsSubstring("must be a time"));
  CHECK_THAT(refused({"c.json", "--max-instructions", "x"}), ContainsSubstring("whole number"));
  CHECK_THAT(refused({"c.json", "--set", "novalue"}), ContainsSubstring("PATH=VALUE"));
  CHECK_THAT(refused({"c.json", "--check=secret"}), ContainsSubstring("model or secrets"));
  CHECK_THAT(refused({"c.json", "--check=secrets", "realm r"}, "inspect"), ContainsSubstring("'ccasim run' alone"));
  CHECK_THAT(refused({"c.json", "d.json"}), ContainsSubstring("unexpected argument"));
  CHECK_THAT(refused({}), ContainsSubstring("which machine"));
  CHECK_THAT(refused({"c.json", "--check=modell"}), ContainsSubstring("model"));
  CHECK_THAT(refused({"c.json", "--strategy", "luck"}), ContainsSubstring("round-robin or random"));
  CHECK_THAT(refused({"c.json"}, "inspect"), ContainsSubstring("add a query"));
}

TEST_CASE("inspect takes its queries after the configuration") {
  CHECK(parsed({"c.json", "realm a", "rtt a"}, "inspect").queries == std::vector<std::string>{"realm a", "rtt a"});
}

TEST_CASE("options of payload: images, entry, and no options of virtual machines") {
  const auto options =
      parsed({"fvp.json", "--load", "a@b.bin@0x88000000", "--load=c@4096", "--entry", "0x88000010"}, "payload");
  CHECK(options.images == std::vector<PayloadImage>{{"a@b.bin", 0x8800'0000}, {"c", 4096}});
  CHECK(options.entry == 0x8800'0010U);
  CHECK_THAT(refused({"fvp.json"}, "payload"), ContainsSubstring("--load FILE@ADDRESS"));
  CHECK_THAT(refused({"fvp.json", "--load", "a.bin"}, "payload"), ContainsSubstring("found 'a.bin'"));
  CHECK_THAT(refused({"fvp.json", "--load", "a@0", "--entry", "2"}, "payload"), ContainsSubstring("multiple of 4"));
  CHECK_THAT(refused({"fvp.json", "--kernel", "a"}, "payload"), ContainsSubstring("unknown option '--kernel'"));
  CHECK_THAT(refused({"c.json", "--load", "a@0"}), ContainsSubstring("unknown option '--load'"));
}
