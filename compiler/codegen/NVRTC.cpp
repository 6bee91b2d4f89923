// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The interface is that of nvrtc.h, declared here as far as it is used, so that
// no CUDA toolkit is needed to build dsc.
#include "compiler/codegen/NVRTC.h"
#include <algorithm>
#include <dlfcn.h>
#include <filesystem>
#include <fmt/format.h>

namespace ds {
namespace {

using Program = struct OpaqueProgram *;
using Code = int; // 0: success
constexpr Code kInvalidOption = 5;

/// Stand-ins for the two headers of the C library that kernels include.
constexpr const char *kHeaderNames[] = {"stdint.h", "stddef.h"};
constexpr const char *kHeaders[] = {
    R"(#pragma once
typedef signed char int8_t;
typedef short int16_t;
typedef int int32_t;
typedef long long int64_t;
typedef unsigned char uint8_t;
typedef unsigned short uint16_t;
typedef unsigned int uint32_t;
typedef unsigned long long uint64_t;
typedef unsigned long long uintptr_t;
)",
    R"(#pragma once
typedef decltype(sizeof(0)) size_t;
typedef decltype((char *)0 - (char *)0) ptrdiff_t;
)"};
static_assert(std::size(kHeaderNames) == std::size(kHeaders));

/// The first line of the log that tells of an error, and all of it.
Error doesNotCompile(const std::string &log, std::string_view architecture) {
  Error error{.code = ErrorCode::InternalError,
              .subject = fmt::format("CUDA code for {} does not compile",
                                     architecture)};
  bool isFirst = true;
  for (size_t at = 0; at < log.size();) {
    size_t end = std::min(log.find('\n', at), log.size());
    std::string line = log.substr(at, end - at);
    at = end + 1;
    if (isFirst && line.find("error") != line.npos) {
      error.subject += ": " + line;
      isFirst = false;
    }
    constexpr size_t most = 20; // notes
    if (!line.empty() && error.notes.size() < most)
      error.notes.push_back(std::move(line));
  }
  return error;
}

} // namespace

struct NVRTC::Functions {
  void *library = nullptr;
  const char *(*errorString)(Code) = nullptr;
  Code (*version)(int *, int *) = nullptr;
  Code (*numArchitectures)(int *) = nullptr;
  Code (*architectures)(int *) = nullptr;
  Code (*create)(Program *, const char *, const char *, int,
                 const char *const *, const char *const *) = nullptr;
  Code (*destroy)(Program *) = nullptr;
  Code (*compile)(Program, int, const char *const *) = nullptr;
  Code (*ptxSize)(Program, size_t *) = nullptr;
  Code (*ptx)(Program, char *) = nullptr;
  Code (*cubinSize)(Program, size_t *) = nullptr;
  Code (*cubin)(Program, char *) = nullptr;
  Code (*logSize)(Program, size_t *) = nullptr;
  Code (*log)(Program, char *) = nullptr;

  // The library stays: threads of its own may outlive a compilation.

  /// The name of a function that the library lacks; empty: it has all.
  std::string_view bind() {
    std::string_view missing;
    auto get = [&](auto &function, const char *name) {
      function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(
          ::dlsym(library, name));
      if (!function && missing.empty())
        missing = name;
    };
    get(errorString, "nvrtcGetErrorString");
    get(version, "nvrtcVersion");
    get(numArchitectures, "nvrtcGetNumSupportedArchs");
    get(architectures, "nvrtcGetSupportedArchs");
    get(create, "nvrtcCreateProgram");
    get(destroy, "nvrtcDestroyProgram");
    get(compile, "nvrtcCompileProgram");
    get(ptxSize, "nvrtcGetPTXSize");
    get(ptx, "nvrtcGetPTX");
    get(cubinSize, "nvrtcGetCUBINSize");
    get(cubin, "nvrtcGetCUBIN");
    get(logSize, "nvrtcGetProgramLogSize");
    get(log, "nvrtcGetProgramLog");
    return missing;
  }

  /// A text or blob of a program, without the zero byte of a text.
  template <class Bytes>
  Code take(Program program, Code (*sizeOf)(Program, size_t *),
            Code (*copy)(Program, char *), Bytes &bytes) const {
    size_t size = 0;
    if (Code code = sizeOf(program, &size))
      return code;
    bytes.resize(size);
    return size ? copy(program, reinterpret_cast<char *>(bytes.data())) : 0;
  }
};

/// Of the file that `function` was loaded from; 0: unknown.
static uint64_t fileBytes(const void *function) {
  Dl_info info{};
  std::error_code error;
  if (!::dladdr(function, &info))
    return 0;
  uint64_t bytes = std::filesystem::file_size(info.dli_fname, error);
  return error ? 0 : bytes;
}

Result<NVRTC> NVRTC::load(std::span<const std::string> files) {
  Error error{.code = ErrorCode::NVRTCMissing,
              .subject = "no NVRTC (libnvrtc) of CUDA 12.8 or later was found",
              .help = "install a CUDA toolkit, or run tools/dev/setup --cuda; "
                      "DSC_NVRTC=FILE names one"};
  for (const std::string &file : files) {
    std::error_code ignored;
    // Plain names are the loader's to find, and mostly it finds nothing.
    bool isPath = file.find('/') != file.npos;
    if (isPath && !std::filesystem::exists(file, ignored)) {
      if (files.size() == 1) // it was named
        error.notes.push_back(file + " does not exist");
      continue;
    }
    auto functions = std::make_shared<Functions>();
    functions->library = ::dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (!functions->library) {
      if (const char *why = ::dlerror(); why && isPath)
        error.notes.push_back(why);
      continue;
    }
    std::string_view missing = functions->bind();
    int major = 0, minor = 0;
    if (!missing.empty() || functions->version(&major, &minor)) {
      error.notes.push_back(
          missing.empty() ? file + " does not tell its version"
                          : fmt::format("{} has no {}", file, missing));
      ::dlclose(functions->library);
      continue;
    }
    NVRTC found;
    found.file_ = file;
    found.version_ = fmt::format("{}.{}", major, minor);
    found.build_ = fmt::format(
        "NVRTC {} of {} bytes", found.version_,
        fileBytes(reinterpret_cast<const void *>(functions->version)));
    found.functions_ = std::move(functions);
    return found;
  }
  return error;
}

std::vector<std::string>
NVRTC::optionsFor(const kernels::LevelInfo &architecture) {
  return {fmt::format("--gpu-architecture={}", architecture.name),
          "--std=c++20",
          "--fmad=false", // kernels say where they fuse
          "--no-source-include",
          // Contracts have functions for the host too; there is none here.
          "--device-as-default-execution-space"};
}

Result<NVRTC::Output>
NVRTC::compile(const std::string &unit,
               const kernels::LevelInfo &architecture) const {
  const Functions &f = *functions_;
  auto failed = [&](const char *what, Code code) {
    return Error{.code = ErrorCode::InternalError,
                 .subject = fmt::format("NVRTC {}: {}: {}", version_, what,
                                        f.errorString(code))};
  };
  int count = 0;
  f.numArchitectures(&count);
  std::vector<int> known(size_t(std::max(count, 0)));
  f.architectures(known.data());
  int wanted = 0;
  for (char c : architecture.name)
    if (c >= '0' && c <= '9')
      wanted = 10 * wanted + (c - '0');
  auto tooOld = [&] {
    return Error{.code = ErrorCode::NVRTCTooOld,
                 .file = file_,
                 .subject = fmt::format("NVRTC {} makes no code for {}",
                                        version_, architecture.name)};
  };
  if (std::ranges::find(known, wanted) == known.end())
    return tooOld();

  Program program = nullptr;
  if (Code code = f.create(&program, unit.c_str(), "plan.cu",
                           int(std::size(kHeaders)), kHeaders, kHeaderNames))
    return failed("create", code);
  struct Destroy {
    const Functions &f;
    Program &program;
    ~Destroy() { f.destroy(&program); }
  } destroy{f, program};
  std::vector<std::string> options = optionsFor(architecture);
  std::vector<const char *> words;
  for (const std::string &option : options)
    words.push_back(option.c_str());
  if (Code code = f.compile(program, int(words.size()), words.data())) {
    if (code == kInvalidOption)
      return tooOld();
    std::string log;
    f.take(program, f.logSize, f.log, log);
    while (log.ends_with('\0'))
      log.pop_back();
    return doesNotCompile(log.empty() ? f.errorString(code) : log,
                          architecture.name);
  }
  Output output;
  if (Code code = f.take(program, f.ptxSize, f.ptx, output.ptx))
    return failed("PTX", code);
  while (output.ptx.ends_with('\0'))
    output.ptx.pop_back();
  if (Code code = f.take(program, f.cubinSize, f.cubin, output.cubin))
    return failed("cubin", code);
  return output;
}

} // namespace ds
