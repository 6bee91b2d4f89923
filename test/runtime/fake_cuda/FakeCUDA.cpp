// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A CUDA driver without a GPU: device memory is the host's, a kernel is a
// function of the program, `void symbol(const DeviceCall *, unsigned blocks)`,
// or nothing where the program has none of that name. DS_FAKE_CUDA says what it
// pretends, comma-separated:
//   devices=N capability=M.N driver=13000 free=BYTES  what there is
//   fail=cuLaunchKernel:700[:N]  code of the N-th such call (from 0) and later
//   signal=cuMemcpyHtoDAsync     SIGINT comes in the first such call
//   hang=N         events and streams are never ready after N launches
//   absent=SYMBOL  a function that no module has
//   fill=0         device memory is zero at first, not 0xff
#include "kernels/base/DeviceCall.h"
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <set>
#include <string>
#include <vector>

namespace {

using Kernel = void(const ds::DeviceCall *, unsigned);

struct Launch {
  Kernel *kernel;
  ds::DeviceCall call;
  unsigned grid;
};

struct Graph {
  std::vector<Launch> launches;
};

struct Function {
  Kernel *kernel;
  std::string name;
};

struct State {
  std::vector<std::string> calls; // in order, with what a test looks at
  size_t launches = 0, failing = 0;
  Graph *capture = nullptr;
  bool isSignalled = false;
};
State state;
/// All that has not been given back: after a failure nothing is, and that is no
/// leak of the program. Never destroyed, so that it can be found at the end.
std::set<void *> &owned = *new std::set<void *>;

template <class T>
T *own(T *object) {
  owned.insert(object);
  return object;
}

std::string setting(const std::string &key, const std::string &otherwise) {
  const char *all = std::getenv("DS_FAKE_CUDA");
  std::string text = all ? all : "";
  for (size_t begin = 0; begin < text.size();) {
    size_t end = std::min(text.find(',', begin), text.size());
    std::string item = text.substr(begin, end - begin);
    if (item.starts_with(key + "="))
      return item.substr(key.size() + 1);
    begin = end + 1;
  }
  return otherwise;
}

/// The code that this call is to return, and keeps a record of it.
unsigned called(const std::string &function, const std::string &rest = "") {
  state.calls.push_back(function + (rest.empty() ? "" : " " + rest));
  if (!state.isSignalled && setting("signal", "") == function) {
    state.isSignalled = true;
    std::raise(SIGINT);
  }
  std::string fail = setting("fail", "");
  size_t colon = fail.find(':');
  if (colon == fail.npos || fail.substr(0, colon) != function)
    return 0;
  char *end = nullptr;
  unsigned code = unsigned(std::strtoul(fail.c_str() + colon + 1, &end, 10));
  size_t from = *end == ':' ? std::strtoul(end + 1, nullptr, 10) : 0;
  return state.failing++ >= from ? code : 0;
}

unsigned isReady() {
  std::string after = setting("hang", "");
  return !after.empty() && state.launches > std::stoul(after) ? 600 : 0;
}

void *pointer(unsigned long long address) {
  return reinterpret_cast<void *>(uintptr_t(address));
}

} // namespace

extern "C" {

/// For tests: what was called since the last time, a line each.
const char *fakeCUDACalls() {
  static std::string text;
  text.clear();
  for (const std::string &call : state.calls)
    text += call + "\n";
  state.calls.clear();
  return text.c_str();
}
void fakeCUDAReset() { state = {}; }

unsigned cuInit(unsigned) { return called("cuInit"); }
unsigned cuDriverGetVersion(int *version) {
  *version = std::stoi(setting("driver", "13000"));
  return 0;
}
unsigned cuGetErrorName(unsigned code, const char **name) {
  struct Row {
    unsigned code;
    const char *name;
  };
  static constexpr Row rows[] = {{2, "CUDA_ERROR_OUT_OF_MEMORY"},
                                 {100, "CUDA_ERROR_NO_DEVICE"},
                                 {209, "CUDA_ERROR_NO_BINARY_FOR_GPU"},
                                 {214, "CUDA_ERROR_ECC_UNCORRECTABLE"},
                                 {700, "CUDA_ERROR_ILLEGAL_ADDRESS"},
                                 {719, "CUDA_ERROR_LAUNCH_FAILED"},
                                 {803, "CUDA_ERROR_SYSTEM_DRIVER_MISMATCH"}};
  for (const Row &row : rows)
    if (row.code == code) {
      *name = row.name;
      return 0;
    }
  return 1;
}
unsigned cuDeviceGetCount(int *count) {
  *count = std::stoi(setting("devices", "1"));
  return called("cuDeviceGetCount");
}
unsigned cuDeviceGet(int *device, int ordinal) {
  *device = ordinal;
  return called("cuDeviceGet", std::to_string(ordinal));
}
unsigned cuDeviceGetName(char *name, int length, int) {
  std::snprintf(name, size_t(length), "Fake GPU");
  return called("cuDeviceGetName");
}
unsigned cuDeviceGetAttribute(int *value, unsigned attribute, int) {
  if (attribute == 16) { // multiprocessors
    *value = std::stoi(setting("multiprocessors", "100000"));
    return called("cuDeviceGetAttribute");
  }
  std::string capability = setting("capability", "9.0");
  size_t dot = capability.find('.');
  *value = std::stoi(attribute == 75 ? capability.substr(0, dot)
                                     : capability.substr(dot + 1));
  return called("cuDeviceGetAttribute");
}
unsigned cuDevicePrimaryCtxRetain(void **context, int) {
  *context = &state;
  return called("cuDevicePrimaryCtxRetain");
}
unsigned cuDevicePrimaryCtxRelease_v2(int) {
  return called("cuDevicePrimaryCtxRelease");
}
unsigned cuCtxSetCurrent(void *) { return 0; }
unsigned cuMemGetInfo_v2(size_t *free, size_t *total) {
  *free = std::stoull(setting("free", "1073741824"));
  *total = *free;
  return called("cuMemGetInfo");
}
unsigned cuMemAlloc_v2(unsigned long long *address, size_t bytes) {
  if (unsigned code = called("cuMemAlloc", std::to_string(bytes)))
    return code;
  size_t whole = (bytes + 255) / 256 * 256;
  void *memory = own(std::aligned_alloc(256, whole));
  std::memset(memory, std::stoi(setting("fill", "255")), whole);
  *address = reinterpret_cast<uintptr_t>(memory);
  return 0;
}
unsigned cuMemFree_v2(unsigned long long address) {
  owned.erase(pointer(address));
  std::free(pointer(address));
  return called("cuMemFree");
}
unsigned cuMemAllocHost_v2(void **memory, size_t bytes) {
  if (unsigned code = called("cuMemAllocHost"))
    return code;
  *memory = own(std::malloc(bytes));
  return 0;
}
unsigned cuMemFreeHost(void *memory) {
  owned.erase(memory);
  std::free(memory);
  return called("cuMemFreeHost");
}
unsigned cuMemcpyHtoDAsync_v2(unsigned long long to, const void *from,
                              size_t bytes, void *) {
  std::memcpy(pointer(to), from, bytes);
  return called("cuMemcpyHtoDAsync", std::to_string(bytes));
}
unsigned cuMemcpyDtoHAsync_v2(void *to, unsigned long long from, size_t bytes,
                              void *) {
  std::memcpy(to, pointer(from), bytes);
  return called("cuMemcpyDtoHAsync", std::to_string(bytes));
}
unsigned cuModuleLoadData(void **module, const void *) {
  *module = &state;
  return called("cuModuleLoadData");
}
unsigned cuModuleUnload(void *) { return called("cuModuleUnload"); }
unsigned cuModuleGetFunction(void **function, void *, const char *name) {
  if (unsigned code = called("cuModuleGetFunction", name))
    return code;
  if (setting("absent", "") == name)
    return 500;
  // Handles of functions are never given back.
  auto *kernel = reinterpret_cast<Kernel *>(::dlsym(RTLD_DEFAULT, name));
  *function = own(new Function{kernel, name});
  return 0;
}
unsigned cuFuncSetAttribute(void *, unsigned attribute, int value) {
  return called("cuFuncSetAttribute",
                std::to_string(attribute) + "=" + std::to_string(value));
}
unsigned cuOccupancyMaxActiveBlocksPerMultiprocessor(int *blocks, void *, int,
                                                     size_t) {
  *blocks = 2;
  return called("cuOccupancyMaxActiveBlocksPerMultiprocessor");
}
unsigned cuLaunchKernel(void *function, unsigned grid, unsigned, unsigned,
                        unsigned threads, unsigned, unsigned, unsigned shared,
                        void *, void **parameters, void **) {
  auto *of = static_cast<Function *>(function);
  if (unsigned code =
          called("cuLaunchKernel", of->name + " " + std::to_string(grid) + "x" +
                                       std::to_string(threads) + " " +
                                       std::to_string(shared)))
    return code;
  Launch launch{of->kernel, {}, grid};
  std::memcpy(&launch.call, parameters[0], sizeof launch.call);
  if (state.capture)
    state.capture->launches.push_back(launch);
  else if (++state.launches; launch.kernel)
    launch.kernel(&launch.call, launch.grid);
  return 0;
}
unsigned cuStreamCreate(void **stream, unsigned) {
  *stream = &state;
  return called("cuStreamCreate");
}
unsigned cuStreamDestroy_v2(void *) { return called("cuStreamDestroy"); }
unsigned cuStreamQuery(void *) {
  unsigned code = called("cuStreamQuery");
  return code ? code : isReady();
}
unsigned cuStreamBeginCapture_v2(void *, unsigned) {
  state.capture = new Graph;
  return called("cuStreamBeginCapture");
}
unsigned cuStreamEndCapture(void *, void **graph) {
  *graph = state.capture;
  state.capture = nullptr;
  return called("cuStreamEndCapture");
}
unsigned cuGraphInstantiateWithFlags(void **executable, void *graph,
                                     unsigned long long) {
  *executable = own(new Graph(*static_cast<Graph *>(graph)));
  return called("cuGraphInstantiate");
}
unsigned cuGraphLaunch(void *executable, void *) {
  if (unsigned code = called("cuGraphLaunch"))
    return code;
  ++state.launches;
  for (const Launch &launch : static_cast<Graph *>(executable)->launches)
    if (launch.kernel)
      launch.kernel(&launch.call, launch.grid);
  return 0;
}
unsigned cuGraphDestroy(void *graph) {
  delete static_cast<Graph *>(graph);
  return called("cuGraphDestroy");
}
unsigned cuGraphExecDestroy(void *executable) {
  owned.erase(executable);
  delete static_cast<Graph *>(executable);
  return called("cuGraphExecDestroy");
}
unsigned cuEventCreate(void **event, unsigned) {
  *event = &state;
  return 0;
}
unsigned cuEventRecord(void *, void *) { return called("cuEventRecord"); }
unsigned cuEventQuery(void *) {
  unsigned code = called("cuEventQuery");
  return code ? code : isReady();
}
unsigned cuEventDestroy_v2(void *) { return 0; }
unsigned cuTensorMapEncodeTiled(void *map, unsigned type, uint32_t rank,
                                void *address, const uint64_t *extent,
                                const uint64_t *pitch, const uint32_t *box,
                                const uint32_t *, unsigned interleave,
                                unsigned swizzle, unsigned promotion,
                                unsigned fill) {
  std::memset(map, 0, 128);
  std::memcpy(map, &address, sizeof address); // enough for a test to follow
  auto text = [](auto number) { return std::to_string(number) + " "; };
  return called("cuTensorMapEncodeTiled",
                text(type) + text(rank) + text(extent[0]) + text(extent[1]) +
                    text(pitch[0]) + text(box[0]) + text(box[1]) +
                    text(interleave) + text(swizzle) + text(promotion) +
                    text(fill));
}

} // extern "C"
