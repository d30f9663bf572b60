// SPDX-License-Identifier: GPL-2.0-or-later
// Every mistake in a configuration gets one clear message that says where it is and what would be right.
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "sim/app/config.h"

using namespace sim::app;
using Catch::Matchers::ContainsSubstring;

namespace {

class ConfigFile {
 public:
  explicit ConfigFile(const std::string& text)
      : path_(std::filesystem::temp_directory_path() / ("ccasim-config-test-" + std::to_string(::getpid()) + ".json")) {
    std::ofstream(path_) << text;
  }
  ~ConfigFile() { std::filesystem::remove(path_); }
  tl::expected<RunConfig, InputError> load(RunOptions options = {}) const {
    options.config = path_.string();
    return load_config(options, "/opt/ccasim", "/var/cache/ccasim");
  }
  std::string message(RunOptions options = {}) const {
    const auto result = load(std::move(options));
    return result ? "accepted" : result.error().message;
  }

 private:
  std::filesystem::path path_;
};

std::string with_vm(const std::string& members) {
  return R"({"vms": [{"name": "a", "boot": "raw", "binary": "@guest/hello.bin")" +
         (members.empty() ? "" : ", " + members) + "}]}";
}

}  // namespace

TEST_CASE("a small configuration is read with its defaults") {
  const auto config = ConfigFile(with_vm(R"("vcpus": 3, "memory": "64MiB")")).load();
  REQUIRE(config.has_value());
  CHECK(config->vms[0].vcpus == 3);
  CHECK(config->vms[0].memory == 64ULL << 20);
  CHECK(config->vms[0].realm);
  CHECK(config->machine.cpu == "cortex-a72");
  CHECK(config->vms[0].binaries.at(0).path == "/opt/ccasim/guest/hello.bin");
  CHECK(config->machine.memory >= config->vms[0].memory + (256ULL << 20));
}

TEST_CASE("an unknown key is named with the nearest known one") {
  CHECK_THAT(ConfigFile(with_vm(R"("vcpu": 3)")).message(),
             ContainsSubstring("no key \"vcpu\"; did you mean \"vcpus\""));
  CHECK_THAT(ConfigFile(R"({"machin": {}, "vms": []})").message(), ContainsSubstring("did you mean \"machine\""));
}

TEST_CASE("a value of the wrong type says what it must be") {
  CHECK_THAT(ConfigFile(with_vm(R"("vcpus": "many")")).message(), ContainsSubstring("vcpus must be a whole number"));
  CHECK_THAT(ConfigFile(with_vm(R"("realm": 1)")).message(), ContainsSubstring("realm must be true or false"));
  CHECK_THAT(ConfigFile(with_vm(R"("memory": "lots")")).message(), ContainsSubstring("must be a size such as"));
  CHECK_THAT(ConfigFile(R"({"vms": {}})").message(), ContainsSubstring("vms must be an array"));
  CHECK_THAT(ConfigFile(R"([])").message(), ContainsSubstring("must be an object"));
}

TEST_CASE("impossible sizes and widths are refused") {
  CHECK_THAT(ConfigFile(with_vm(R"("memory": 4097)")).message(), ContainsSubstring("VM 'a'"));
  CHECK_THAT(ConfigFile(with_vm(R"("ipa_bits": 60)")).message(), ContainsSubstring("VM 'a'"));
  CHECK_THAT(
      ConfigFile(R"({"machine": {"memory": "64MiB"}, "vms": [{"boot": "raw", "binary": "x", "memory": "128MiB"}]})")
          .message(),
      ContainsSubstring("wants 128 MiB of memory but the machine has 64 MiB"));
  CHECK_THAT(ConfigFile(R"({"vms": []})").message(), ContainsSubstring("at least one virtual machine"));
}

TEST_CASE("text that is no JSON is reported with its line") {
  CHECK_THAT(ConfigFile("{\n\"vms\": [\n}").message(), ContainsSubstring("line 3 is not JSON"));
}

TEST_CASE("overrides by --set and by options go through the same checks") {
  RunOptions options;
  options.set = {{"vms.0.vcpus", "4"}, {"machine.seed", "9"}};
  const auto config = ConfigFile(with_vm("")).load(options);
  REQUIRE(config.has_value());
  CHECK(config->vms[0].vcpus == 4);
  CHECK(config->machine.seed == 9);

  options.set = {{"vms.3.vcpus", "4"}};
  CHECK_THAT(ConfigFile(with_vm("")).message(options), ContainsSubstring("'3' is no index"));
  options.set = {{"vms.0.vcpus", "none"}};
  CHECK_THAT(ConfigFile(with_vm("")).message(options), ContainsSubstring("vcpus must be a whole number"));
  options = {};
  options.cpu = "z80";
  CHECK_THAT(ConfigFile(with_vm("")).message(options), ContainsSubstring("machine.cpu must be"));
}

TEST_CASE("a configuration that cannot be read says so") {
  RunOptions options;
  options.config = "/nonexistent/machine.json";
  const auto missing = load_config(options, "", "");
  REQUIRE_FALSE(missing.has_value());
  CHECK_THAT(missing.error().message, ContainsSubstring("cannot read the configuration"));
  options.config = "/";
  CHECK_THAT(load_config(options, "", "").error().message, ContainsSubstring("is a directory"));
}
