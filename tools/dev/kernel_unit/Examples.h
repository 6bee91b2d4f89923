// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Shapes.def as values and as text, and the kernels that a unit defines.
#pragma once
#include "kernels/Contracts.h"
#include <string_view>

namespace ds {

/// A function of a unit: launch `launch` (from 0) of a row with a shape.
struct KernelEntry {
  const char *row, *label;
  unsigned launch;
  const void *function; // what cudaLaunchKernel takes
};
/// Of the unit that was compiled with DS_KERNEL_TABLE; a null row ends it.
extern const KernelEntry kKernelTable[];

namespace kernels {

struct Example {
  std::string_view shape; // "LinearShape"
  std::string_view label, fields;
  const void *value;
};

template <class Shape, Shape shape>
inline constexpr Shape kExampleValue = shape;

#ifdef __clang__ // fields that are not named are 0
#pragma clang diagnostic ignored "-Wmissing-designated-field-initializers"
#endif
inline constexpr Example kExamples[] = {
#define SHAPE(Family, label, ...)                                              \
  {#Family "Shape", #label, #__VA_ARGS__,                                      \
   &kExampleValue<Family##Shape, Family##Shape{__VA_ARGS__}>},
#include "tools/dev/kernel_unit/Shapes.def"
};

} // namespace kernels
} // namespace ds
