// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// gpu-day-kernels: every CUDA row of this architecture on the shapes of R1,
// against its reference row, timed, and held against what the device reaches.
#include "tools/dev/gpu_day/Check.h"
#include "tools/dev/gpu_day/Device.h"
#include "tools/dev/gpu_day/Reference.h"
#include <algorithm>
#include <cstring>
#include <functional>

using namespace ds;
using namespace ds::day;
using namespace ds::kernels;

namespace {

constexpr const char *kUsage =
    "usage: gpu-day-kernels [--list] [--only WORD] [--check-only]\n"
    "                       [--check-tokens N] [--time-tokens N] [--json "
    "FILE]\n";

struct Options {
  bool list = false, checkOnly = false;
  std::string only, json;
  uint32_t checkTokens = 3, timeTokens = 64;
};

Options parse(int argc, char **argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    auto is = [&](const char *name) { return !std::strcmp(argv[i], name); };
    auto value = [&]() -> std::string {
      if (i + 1 == argc) {
        std::fputs(kUsage, stderr);
        std::exit(2);
      }
      return argv[++i];
    };
    auto number = [&] {
      int parsed = std::atoi(value().c_str());
      if (parsed < 1 || parsed > 128)
        fail("a number of tokens lies within 1 and 128");
      return uint32_t(parsed);
    };
    if (is("--list"))
      options.list = true;
    else if (is("--check-only"))
      options.checkOnly = true;
    else if (is("--only"))
      options.only = value();
    else if (is("--json"))
      options.json = value();
    else if (is("--check-tokens"))
      options.checkTokens = number();
    else if (is("--time-tokens"))
      options.timeTokens = number();
    else {
      std::fputs(kUsage, stderr);
      std::exit(2);
    }
  }
  return options;
}

/// A row with a shape that the unit holds.
struct Case {
  const KernelRow *row;
  const Example *example;
  std::string name() const {
    return std::string(row->name) + " " + std::string(example->label);
  }
};

std::vector<Case> casesOf(const Options &options) {
  std::vector<Case> cases;
  for (const KernelEntry *entry = kKernelTable; entry->row; ++entry) {
    const KernelRow *row = findRow(entry->row);
    for (const Example &example : kExamples)
      if (entry->launch == 0 && example.label == entry->label &&
          example.shape == launchesOf(*row)[0].shape &&
          Case{row, &example}.name().find(options.only) != std::string::npos)
        cases.push_back({row, &example});
  }
  return cases;
}

struct Outcome {
  std::string name, verdict; // "ok", "wrong", "no operands", "no reference"
  double error = 0, tolerance = 0;
  double seconds = 0, share = 0; // of the nearer limit
  bool isMemoryBound = false;
};

double bytesPerWeight(Weights weights) {
  return weights == Weights::BF16 ? 2 : weights == Weights::None ? 0 : 1;
}

Outcome runCase(const Case &each, const Options &options,
                const Limits &limits) {
  Outcome outcome{each.name(), "ok"};
  const KernelRow &row = *each.row;
  const uint32_t most = rowsServed(row, each.example->value);
  const KernelRow *reference = referenceOf(row);
  {
    const Run run(std::min(options.checkTokens, most));
    std::vector<Operand> operands = operandsOf(row, each.example->value, run);
    if (operands.empty() || !reference) {
      outcome.verdict = reference ? "no operands" : "no reference";
      return outcome;
    }
    DeviceRow device(row, *each.example, run, operands);
    device.run();
    device.fetch(operands);
    runReference(*reference, each.example->value, run, operands);
    outcome.error = errorOf(operands);
    outcome.tolerance = toleranceOf(row, operands);
    if (!(outcome.error <= outcome.tolerance))
      outcome.verdict = "wrong";
  }
  if (options.checkOnly)
    return outcome;
  const Run run(std::min(options.timeTokens, most));
  DeviceRow device(row, *each.example, run,
                   operandsOf(row, each.example->value, run));
  device.run();
  outcome.seconds = device.seconds();
  const Work work = row.family->work(each.example->value, run.tokens);
  const double memory = (double(work.bytes) +
                         double(work.weights) * bytesPerWeight(row.weights)) /
                        limits.read;
  const bool f8 =
      row.activation == Activation::F8E4M3Group128 && row.level != Level::CUDA;
  const double matrix = double(work.flops) / (f8 ? limits.f8 : limits.bf16);
  outcome.isMemoryBound = memory >= matrix;
  outcome.share = std::max(memory, matrix) / outcome.seconds;
  return outcome;
}

void list(const std::vector<Case> &cases, const Options &options) {
  for (const Case &each : cases)
    for (const Launch &launch : launchesOf(*each.row)) {
      const Run run(std::min(options.checkTokens,
                             rowsServed(*each.row, each.example->value)));
      const KernelRow *reference = referenceOf(*each.row);
      std::printf(
          "%-64s %4u threads %7u B shared %6u tiles  %s\n", each.name().c_str(),
          launch.threads, launch.sharedBytes(each.example->value),
          tilesOf(launch.tiles(each.example->value), run.view()),
          reference ? std::string(reference->name).c_str() : "no reference");
    }
}

void writeJSON(const std::string &path, const DeviceInfo &info,
               const Limits &limits, const std::vector<Outcome> &outcomes) {
  FILE *file = std::fopen(path.c_str(), "w");
  if (!file)
    fail(path + ": cannot be written");
  std::fprintf(file,
               "{\"device\": \"%s\", \"architecture\": \"%s\",\n"
               " \"limits\": {\"copy_bytes_per_second\": %.4g, "
               "\"read_bytes_per_second\": %.4g,\n  \"bf16_flops\": %.4g, "
               "\"bf16_by\": \"%s\", \"f8_flops\": %.4g, \"f8_by\": \"%s\"},\n"
               " \"kernels\": [",
               info.name.c_str(), info.architecture.c_str(), limits.copy,
               limits.read, limits.bf16, limits.bf16By, limits.f8, limits.f8By);
  const char *separator = "\n";
  for (const Outcome &each : outcomes) {
    std::fprintf(file,
                 "%s  {\"name\": \"%s\", \"verdict\": \"%s\", \"error\": %.3g, "
                 "\"tolerance\": %.3g, \"seconds\": %.4g, \"share\": %.3f, "
                 "\"bound\": \"%s\"}",
                 separator, each.name.c_str(), each.verdict.c_str(),
                 std::min(each.error, 1e30), each.tolerance, each.seconds,
                 each.share, each.isMemoryBound ? "memory" : "matrix");
    separator = ",\n";
  }
  std::fputs("\n ]}\n", file);
  std::fclose(file);
}

} // namespace

int main(int argc, char **argv) {
  const Options options = parse(argc, argv);
  const std::vector<Case> cases = casesOf(options);
  if (options.list) {
    list(cases, options);
    return 0;
  }
  const DeviceInfo info = deviceInfo();
  const Limits limits = options.checkOnly ? Limits{} : measureLimits();
  std::printf("%s, %s, %u multiprocessors\n", info.name.c_str(),
              info.architecture.c_str(), info.multiprocessors);
  if (!options.checkOnly)
    std::printf("copy %.0f GB/s, read %.0f GB/s, bf16 %.0f TFLOP/s (%s), "
                "f8 %.0f TFLOP/s (%s)\n",
                limits.copy * 1e-9, limits.read * 1e-9, limits.bf16 * 1e-12,
                limits.bf16By, limits.f8 * 1e-12, limits.f8By);
  std::printf("%-64s %-12s %9s %10s %6s\n", "kernel", "verdict", "error", "us",
              "share");
  std::vector<Outcome> outcomes;
  bool isGood = true;
  for (const Case &each : cases) {
    Outcome outcome = runCase(each, options, limits);
    std::printf("%-64s %-12s %9.2g %10.1f %5.0f%% %s\n", outcome.name.c_str(),
                outcome.verdict.c_str(), outcome.error, outcome.seconds * 1e6,
                outcome.share * 100,
                outcome.isMemoryBound ? "of memory" : "of matrix units");
    std::fflush(stdout);
    isGood &= outcome.verdict != "wrong";
    outcomes.push_back(std::move(outcome));
  }
  if (!options.json.empty())
    writeJSON(options.json, info, limits, outcomes);
  return isGood ? 0 : 1;
}
