// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A library under NVRTC's name that is none: it has one function of it.
int nvrtcVersion(int *major, int *minor) {
  *major = 13;
  *minor = 0;
  return 0;
}
