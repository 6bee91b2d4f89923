// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Offsets for buffers of known size and life, so that those that live at the
// same time do not overlap: dynamic storage allocation, which is NP-hard, so
// several cheap orders compete.
#pragma once
#include <cstdint>
#include <llvm/ADT/ArrayRef.h>
#include <llvm/ADT/SmallVector.h>

namespace ds::plan {

struct PlacedBuffer {
  uint64_t size;        // bytes, a multiple of the alignment
  uint32_t first, last; // time of the first and the last use, both included
  uint64_t offset = 0;  // bytes, set by place()
};

/// Most bytes that live at once: no placement ends lower.
uint64_t peakOf(llvm::ArrayRef<PlacedBuffer> buffers);

/// Sets every offset and returns the end of the highest buffer. Tries the
/// buffers larger first, longer-lived first, by size times life and by first
/// use, each into the smallest gap that holds it; then, while the end is above
/// the peak, moves the highest buffer to the front of the best order, at most
/// once per buffer. The smallest end wins, the earlier try among equals. The
/// result depends on the arguments alone.
uint64_t place(llvm::MutableArrayRef<PlacedBuffer> buffers);

} // namespace ds::plan
