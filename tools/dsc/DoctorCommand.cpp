// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/codegen/NVRTC.h"
#include "runtime/device/AllowedCPUs.h"
#include "tools/dsc/Commands.h"
#include "tools/dsc/Doctor.h"
#include "tools/dsc/FindTools.h"
#include "tools/dsc/MachineMemory.h"
#include "tools/dsc/Print.h"
#include "tools/dsc/Probes.h"
#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <unistd.h>

namespace ds {
namespace {

using Json = nlohmann::ordered_json;

std::optional<std::string> textOf(const char *path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return file ? std::optional(text.str()) : std::nullopt;
}

Finding failed(const char *check, const Status &status) {
  return {.check = check,
          .verdict = Verdict::Fail,
          .exit = status.exit(),
          .found = status.errors()[0].message(),
          .advice = "dsc explain " + nameOf(status.errors()[0].code) +
                    " says what to do"};
}

Finding disk(const std::string &folder, Result<std::vector<WeightFile>> files) {
  if (!files)
    return failed("disk", files.takeStatus());
  Result<DiskSpeed> speed = measureDisk(folder, *files);
  return speed ? judgeDisk(speed->bytesPerSecond, speed->isDirect,
                           bytesOf(*files))
               : failed("disk", speed.takeStatus());
}

std::vector<Finding> examine(const std::string &folder) {
  uint32_t threads = rt::allowedCPUs();
  uint32_t online = uint32_t(std::max(::sysconf(_SC_NPROCESSORS_ONLN), 1L));
  Result<std::vector<WeightFile>> files = std::vector<WeightFile>();
  if (!folder.empty())
    files = weightFiles(folder);
  MachineMemory memory = availableMemory();
  std::vector<Finding> findings = {
      judgeCPU(rt::CPUFeatures::host()),
      judgeThreads(threads, std::max(online, threads)),
      judgeMemory(memory.available, memory.total, files ? bytesOf(*files) : 0),
      judgeHugePages(textOf("/sys/kernel/mm/transparent_hugepage/enabled"))};
  Result<double> bandwidth = measureMemory(threads);
  findings.push_back(bandwidth ? judgeBandwidth(*bandwidth, threads)
                               : failed("memory speed",
                                        bandwidth.takeStatus()));
  std::optional<std::string> compiler;
  if (Result<NVRTC> nvrtc = NVRTC::load(nvrtcPlaces()))
    compiler = fmt::format("{} ({})", nvrtc->version(), nvrtc->file());
  findings.push_back(judgeNVRTC(compiler));
  findings.push_back(judgeClang(clangPath()));
  if (!folder.empty())
    findings.push_back(disk(folder, std::move(files)));
  return findings;
}

void printJson(const std::vector<Finding> &findings, bool isFit) {
  Json json{{"schema", 1}, {"fit", isFit}, {"checks", Json::array()}};
  for (const Finding &finding : findings) {
    Json check{{"check", finding.check},
               {"verdict", nameOf(finding.verdict)},
               {"found", finding.found},
               {"advice", finding.advice}};
    for (auto &[name, word] : finding.words)
      check[name] = word;
    for (auto &[name, number] : finding.numbers)
      check[name] = uint64_t(number);
    json["checks"].push_back(std::move(check));
  }
  printOut("{}\n",
           json.dump(1, ' ', false, Json::error_handler_t::replace));
}

} // namespace

Result<int> runDoctor(const DoctorCommand &command, bool color) {
  using terminal::Style;
  std::vector<Finding> findings = examine(command.folder);
  int exit = int(exitOf(findings));
  if (command.json) {
    printJson(findings, exit == 0);
    return exit;
  }
  for (const Finding &finding : findings) {
    Style style = finding.verdict == Verdict::Ok     ? Style::Green
                  : finding.verdict == Verdict::Warn ? Style::Yellow
                                                     : Style::Red;
    printOut("{} {:<13} {}\n{:19}{}\n",
             terminal::styled(fmt::format("{:<4}", nameOf(finding.verdict)),
                              style, color),
             finding.check, finding.found, "",
             terminal::styled(finding.advice, Style::Dim, color));
  }
  if (command.folder.empty())
    printError("note: dsc doctor FOLDER measures the disk of a folder too\n");
  return exit;
}

} // namespace ds
