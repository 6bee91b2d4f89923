// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// NVRTC's interface over a compiler that refuses every unit.
#include <stddef.h>
#include <string.h>

enum { Success = 0, Compilation = 6 };
static const char kLog[] = "plan.cu(7): error: planted";

const char *nvrtcGetErrorString(int code) { return code ? "failed" : "success"; }
int nvrtcVersion(int *major, int *minor) {
  *major = 13;
  *minor = 0;
  return Success;
}
int nvrtcGetNumSupportedArchs(int *count) {
  *count = 1;
  return Success;
}
int nvrtcGetSupportedArchs(int *architectures) {
  architectures[0] = 80;
  return Success;
}
int nvrtcCreateProgram(void **program, const char *text, const char *name,
                       int headers, const char *const *texts,
                       const char *const *names) {
  (void)text, (void)name, (void)headers, (void)texts, (void)names;
  *program = (void *)kLog;
  return Success;
}
int nvrtcDestroyProgram(void **program) {
  *program = NULL;
  return Success;
}
int nvrtcCompileProgram(void *program, int count, const char *const *options) {
  (void)program, (void)count, (void)options;
  return Compilation;
}
int nvrtcGetProgramLogSize(void *program, size_t *size) {
  (void)program;
  *size = sizeof kLog;
  return Success;
}
int nvrtcGetProgramLog(void *program, char *log) {
  (void)program;
  memcpy(log, kLog, sizeof kLog);
  return Success;
}
int nvrtcGetPTXSize(void *program, size_t *size) {
  (void)program, (void)size;
  return Compilation;
}
int nvrtcGetPTX(void *program, char *ptx) {
  (void)program, (void)ptx;
  return Compilation;
}
int nvrtcGetCUBINSize(void *program, size_t *size) {
  return nvrtcGetPTXSize(program, size);
}
int nvrtcGetCUBIN(void *program, char *cubin) {
  return nvrtcGetPTX(program, cubin);
}
