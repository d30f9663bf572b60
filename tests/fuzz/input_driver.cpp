// SPDX-License-Identifier: GPL-2.0-or-later
// Drives a fuzzer of inputs without libFuzzer: every seed as it is, then mutants of the seeds, always the same ones.
//
//     fuzz_NAME [--runs N] [--seed S] SEED_FILE_OR_FOLDER...
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "tests/fuzz/input.h"

namespace {

namespace fs = std::filesystem;
using Input = std::vector<std::uint8_t>;

std::vector<Input> read_seeds(const std::vector<std::string>& places) {
  std::vector<fs::path> files;
  for (const fs::path place : places) {
    if (fs::is_directory(place)) {
      for (const auto& entry : fs::directory_iterator(place))
        if (entry.is_regular_file()) files.push_back(entry.path());
    } else {
      files.push_back(place);
    }
  }
  std::sort(files.begin(), files.end());
  std::vector<Input> seeds;
  for (const fs::path& path : files) {
    std::ifstream file(path, std::ios::binary);
    fuzz::expect(file.is_open(), "a seed cannot be read");
    seeds.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  return seeds;
}

class Mutator {
 public:
  Mutator(const std::vector<Input>& seeds, std::uint64_t seed) : seeds_(seeds), random_(seed) {}

  Input next() {
    Input input = any_seed();
    for (auto changes = below(4) + 1; changes != 0; --changes) change(input);
    constexpr std::size_t kLongest = 1 << 16;
    if (input.size() > kLongest) input.resize(kLongest);
    return input;
  }

 private:
  std::size_t below(std::size_t bound) { return bound == 0 ? 0 : random_() % bound; }
  const Input& any_seed() { return seeds_[below(seeds_.size())]; }
  Input::iterator at(Input& input, std::size_t offset) { return input.begin() + static_cast<std::ptrdiff_t>(offset); }

  // Boundary values for binary inputs, pieces of syntax for texts.
  void change(Input& input) {
    const std::size_t where = below(input.size() + 1);
    switch (below(8)) {
      case 0:
        if (where < input.size()) input[where] = static_cast<std::uint8_t>(input[where] ^ 1U << below(8));
        break;
      case 1:
        if (where < input.size()) input[where] = static_cast<std::uint8_t>(random_());
        break;
      case 2: {
        constexpr std::uint64_t kValues[] = {0,           1,           0x7f,        0xff,
                                             0x7fff'ffff, 0xffff'ffff, ~0ULL,       ~0ULL - 7,
                                             1ULL << 63,  0x1000,      0x8000'0000, 0xffff'ffff'f000,
                                             1ULL << 48,  0xfff,       0x20'0000,   1ULL << 47};
        const std::uint64_t value = kValues[below(std::size(kValues))];
        std::memcpy(input.data() + where, &value, std::min(std::size_t{1} << below(4), input.size() - where));
        break;
      }
      case 3:
        input.erase(at(input, where), at(input, where + below(std::min<std::size_t>(64, input.size() - where + 1))));
        break;
      case 4: {
        const Input& other = any_seed();
        const std::size_t from = below(other.size());
        const std::size_t length = below(std::min<std::size_t>(256, other.size() - from + 1));
        input.insert(at(input, where), other.begin() + static_cast<std::ptrdiff_t>(from),
                     other.begin() + static_cast<std::ptrdiff_t>(from + length));
        break;
      }
      case 5: {
        constexpr std::string_view kPieces[] = {
            "{",  "}",       "[",    "]",  "\"", ",", ":", "0", "-1", "1e999", "null", "true", "18446744073709551615",
            "0x", "\\u0000", "\xff", "\n", "--", "="};
        const std::string_view piece = kPieces[below(std::size(kPieces))];
        input.insert(at(input, where), piece.begin(), piece.end());
        break;
      }
      case 6: {  // a number or a word becomes another
        const auto is_word = [](std::uint8_t c) { return std::isalnum(c) != 0; };
        const auto begin = std::find_if(at(input, where), input.end(), is_word);
        const auto end = std::find_if_not(begin, input.end(), is_word);
        constexpr std::string_view kWords[] = {"0",
                                               "1",
                                               "2",
                                               "64",
                                               "4096",
                                               "512MiB",
                                               "8GiB",
                                               "0xffffffffffffffff",
                                               "max",
                                               "false",
                                               "raw",
                                               "0x80000000",
                                               "40",
                                               "16EiB",
                                               "999999999999999999999"};
        const std::string_view word = kWords[below(std::size(kWords))];
        const auto hole = input.erase(begin, end);
        input.insert(hole, word.begin(), word.end());
        break;
      }
      default: input.resize(where); break;
    }
  }

  const std::vector<Input>& seeds_;
  std::mt19937_64 random_;
};

}  // namespace

int main(int argc, char** argv) {
  std::uint64_t runs = 1000, seed = 1;
  std::vector<std::string> places;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if ((word == "--runs" || word == "--seed") && i + 1 < argc) {
      (word == "--runs" ? runs : seed) = std::strtoull(argv[++i], nullptr, 10);
    } else {
      places.push_back(word);
    }
  }
  const std::vector<Input> seeds = read_seeds(places);
  if (seeds.empty()) {
    std::fprintf(stderr, "usage: fuzz_NAME [--runs N] [--seed S] SEED_FILE_OR_FOLDER...\n");
    return 2;
  }
  for (const Input& input : seeds) LLVMFuzzerTestOneInput(input.data(), input.size());
  const fuzz::Outcomes of_seeds = fuzz::outcomes;
  Mutator mutator(seeds, seed);
  for (std::uint64_t run = 0; run < runs; ++run) {
    const Input input = mutator.next();
    LLVMFuzzerTestOneInput(input.data(), input.size());
  }
  std::printf("%zu seeds, %llu mutants: %llu accepted, %llu refused\n", seeds.size(),
              static_cast<unsigned long long>(runs), static_cast<unsigned long long>(fuzz::outcomes.accepted),
              static_cast<unsigned long long>(fuzz::outcomes.refused));
  fuzz::expect(of_seeds.accepted != 0, "no seed was accepted");
  fuzz::expect(runs < 100 || fuzz::outcomes.accepted > of_seeds.accepted, "no mutant was accepted");
  fuzz::expect(runs < 100 || fuzz::outcomes.refused > of_seeds.refused, "no mutant was refused");
  return 0;
}
