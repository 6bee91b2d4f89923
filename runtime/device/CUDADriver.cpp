// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/device/CUDADriver.h"
#include <dlfcn.h>

namespace ds::rt {
namespace {

Error absent(std::string why) {
  return {.code = ErrorCode::DeviceAbsent,
          .subject = "the plan needs 1 CUDA device",
          .found = "0",
          .notes = {std::move(why)}};
}

} // namespace

std::string cudaVersion(int version) {
  return std::to_string(version / 1000) + "." +
         std::to_string(version % 1000 / 10);
}

Result<CUDADriver> CUDADriver::open(const char *library) {
  void *handle = ::dlopen(library, RTLD_NOW | RTLD_LOCAL);
  if (!handle)
    return absent(std::string("no CUDA driver: ") + ::dlerror());
  CUDADriver driver{};
  const char *missing = nullptr;
#define FUNCTION(name, symbol, ...)                                            \
  if (void *found = ::dlsym(handle, #symbol))                                  \
    driver.name = reinterpret_cast<unsigned (*)(__VA_ARGS__)>(found);          \
  else if (!missing)                                                           \
    missing = #symbol;
#include "runtime/device/CUDAFunctions.def"
  if (driver.driverVersion)
    driver.driverVersion(&driver.version);
  if (missing)
    return Error{.code = ErrorCode::DriverTooOld,
                 .subject = "CUDA version of the driver",
                 .found = cudaVersion(driver.version),
                 .expected = std::string("one that has ") + missing,
                 .help = "install a newer NVIDIA driver"};
  if (unsigned code = driver.init(0))
    return absent("cuInit: " + driver.nameOf(code));
  return driver;
}

std::string CUDADriver::nameOf(unsigned code) const {
  const char *name = nullptr;
  if (errorName && errorName(code, &name) == Success && name)
    return name;
  return "error " + std::to_string(code);
}

} // namespace ds::rt
