// SPDX-License-Identifier: GPL-2.0-or-later
// Every mistake in a configuration gets one clear message that says where it is and what would be right.
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include <fmt/format.h>
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

TEST_CASE("who answers a guest's calls is the kernel, or on request the VMM") {
  CHECK(ConfigFile(with_vm("")).load()->vms[0].smccc == host::vmm::SmcccIn::kKernel);
  CHECK(ConfigFile(with_vm(R"("smccc": "kernel")")).load()->vms[0].smccc == host::vmm::SmcccIn::kKernel);
  CHECK(ConfigFile(with_vm(R"("smccc": "user")")).load()->vms[0].smccc == host::vmm::SmcccIn::kUser);
  CHECK_THAT(ConfigFile(with_vm(R"("smccc": "vmm")")).message(),
             ContainsSubstring(R"(vms[0].smccc must be "kernel" or "user", found "vmm")"));
}

TEST_CASE("a realm's PMU needs the machine's, with as many counters") {
  RunOptions machine;
  machine.set = {{"machine.pmu_counters", "4"}};
  const auto config = ConfigFile(with_vm(R"("pmu": 4)")).load(machine);
  REQUIRE(config);
  CHECK(config->vms[0].pmu == 4);
  CHECK(config->machine.pmu_counters == 4);
  CHECK_THAT(ConfigFile(with_vm(R"("pmu": 4)")).message(), ContainsSubstring("the machine has none"));
  CHECK_THAT(ConfigFile(with_vm(R"("pmu": 5)")).message(machine),
             ContainsSubstring("wants a PMU with 5 counters but the machine has 4"));
  CHECK_THAT(ConfigFile(with_vm(R"("pmu": 4, "realm": false)")).message(machine),
             ContainsSubstring("A plain VM has no PMU here"));
  CHECK_FALSE(ConfigFile(with_vm("")).load()->vms[0].pmu);
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

TEST_CASE("the host's behaviour is read field by field and reaches the VMs") {
  const auto config = ConfigFile(R"({"host": {"life_cycle": "explicit", "serror_exit_resumes": true},
    "vms": [{"name": "a", "boot": "raw", "binary": "b", "hash_algorithm": "sha-512",
             "personalization_value": "0x00ff41"}]})")
                          .load();
  REQUIRE(config.has_value());
  CHECK(config->host.life_cycle == host::kvm::LifeCycle::kExplicit);
  CHECK(config->host.serror_exit_resumes);
  CHECK(config->host.shutdown_needs_system_off_index);
  CHECK(config->vms[0].life_cycle == host::kvm::LifeCycle::kExplicit);
  CHECK(config->vms[0].hash_algorithm == host::vmm::HashAlgorithm::kSha512);
  CHECK(config->vms[0].personalization_value == std::string("\0\xff\x41", 3));
  RunOptions options;
  options.set = {{"host.life_cycle", "explicit"}, {"vms.0.personalization_value", "words"}};
  const auto set = ConfigFile(with_vm("")).load(options);
  REQUIRE(set.has_value());
  CHECK(set->host.life_cycle == host::kvm::LifeCycle::kExplicit);
  CHECK(set->vms[0].personalization_value == "words");
}

TEST_CASE("mistakes in the host's behaviour and in a realm's choices are told") {
  const auto with_host = [](const std::string& host) {
    return ConfigFile(R"({"host": {)" + host + R"(}, "vms": [{"boot": "raw", "binary": "b"}]})").message();
  };
  CHECK_THAT(with_host(R"("life_cycel": "explicit")"),
             ContainsSubstring("host has no key \"life_cycel\"; did you mean \"life_cycle\"?"));
  CHECK_THAT(with_host(R"("life_cycle": "v9")"),
             ContainsSubstring("host.life_cycle must be one of \"implicit\", \"explicit\", found \"v9\""));
  CHECK_THAT(with_host(R"("irq_window": true)"), ContainsSubstring("\"none\", \"every_exit\", \"irq_exits\""));
  CHECK_THAT(with_host(R"("serror_exit_resumes": "yes")"), ContainsSubstring("must be true or false"));
  CHECK_THAT(ConfigFile(with_vm(R"("hash_algorithm": "sha-1")")).message(),
             ContainsSubstring("must be one of \"sha-256\", \"sha-512\""));
  CHECK_THAT(ConfigFile(with_vm(R"("personalization_value": "0x123")")).message(),
             ContainsSubstring("must be text, or 0x and pairs of hexadecimal digits"));
  for (const std::string choice : {R"("hash_algorithm": "sha-512")", R"("personalization_value": "mine")"}) {
    CHECK_THAT(ConfigFile(with_vm(choice)).message(),
               ContainsSubstring("The explicit life cycle (host.life_cycle) does"));
    CHECK_THAT(ConfigFile(with_vm(choice + R"(, "realm": false)")).message(), ContainsSubstring("A plain VM"));
  }
  CHECK_THAT(ConfigFile(with_vm(R"("personalization_value": ")" + std::string(65, 'x') + "\"")).message(),
             ContainsSubstring("has 65 bytes. Give at most 64."));
  CHECK(ConfigFile(with_vm(R"("hash_algorithm": "sha-256")")).message() == "accepted");
}

TEST_CASE("configs/README.md has every key of the host's behaviour with every value") {
  std::ifstream file("configs/README.md");
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  for (const auto& field : host::kvm::behaviour_fields()) {
    const auto row = text.find(fmt::format("| `{}` |", field.name));
    REQUIRE(row != std::string::npos);
    const std::string line = text.substr(row, text.find('\n', row) - row);
    for (const auto value : field.values) {
      INFO(line);
      if (!field.is_flag()) CHECK_THAT(line, ContainsSubstring(fmt::format("`\"{}\"`", value)));
    }
    if (field.is_flag()) CHECK_THAT(line, ContainsSubstring(fmt::format("| `{}` |", field.values[field.get({})])));
  }
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

TEST_CASE("a number beyond every type is refused like other mistakes") {
  CHECK_THAT(ConfigFile(R"({"machine": {"seed": 1e999}, "vms": []})").message(), ContainsSubstring("number overflow"));
  RunOptions options;
  options.set = {{"machine.seed", "1e999"}};
  CHECK_THAT(ConfigFile(with_vm("")).message(options), ContainsSubstring("machine.seed must be a whole number"));
}

TEST_CASE("a configuration nested without end is refused") {
  const std::string brackets(1'000'000, '[');
  CHECK_THAT(ConfigFile(R"({"vms": )" + brackets).message(), ContainsSubstring("nested deeper than 32 levels"));
  RunOptions options;
  options.set = {{"vms", brackets}};
  CHECK_THAT(ConfigFile(with_vm("")).message(options), ContainsSubstring("vms must be an array"));
  std::string path = "a";
  for (int i = 0; i < 100'000; ++i) path += ".a";
  options.set = {{path, "1"}};
  CHECK_THAT(ConfigFile(with_vm("")).message(options), ContainsSubstring("a path of more than 32 names"));
}
