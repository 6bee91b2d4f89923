// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The three functions that LLVM's code generation calls without being asked.
// Part of the bitcode only; compiled with -fno-builtin. minsize, because every
// image that needs one compiles it again.
#include <stddef.h>

namespace {
// A typedef: in a `using`, clang drops aligned(1) and emits aligned moves.
typedef unsigned char Block
    __attribute__((vector_size(32), aligned(1), may_alias));

[[clang::always_inline]] inline void moveBlock(unsigned char *to,
                                               const unsigned char *from) {
  *reinterpret_cast<Block *>(to) = *reinterpret_cast<const Block *>(from);
}
} // namespace

extern "C" {

[[clang::minsize]] void *memcpy(void *__restrict to,
                                const void *__restrict from, size_t bytes) {
  auto *out = static_cast<unsigned char *>(to);
  auto *in = static_cast<const unsigned char *>(from);
  size_t done = 0;
  for (; done + sizeof(Block) <= bytes; done += sizeof(Block))
    moveBlock(out + done, in + done);
  for (; done < bytes; ++done)
    out[done] = in[done];
  return to;
}

[[clang::minsize]] void *memset(void *to, int value, size_t bytes) {
  auto *out = static_cast<unsigned char *>(to);
  auto byte = static_cast<unsigned char>(value);
  Block block = Block{} + byte;
  size_t done = 0;
  for (; done + sizeof(Block) <= bytes; done += sizeof(Block))
    *reinterpret_cast<Block *>(out + done) = block;
  for (; done < bytes; ++done)
    out[done] = byte;
  return to;
}

/// A block is read whole before it is written, so walking away from the
/// overlap is enough.
[[clang::minsize]] void *memmove(void *to, const void *from, size_t bytes) {
  auto *out = static_cast<unsigned char *>(to);
  auto *in = static_cast<const unsigned char *>(from);
  if (out <= in) {
    size_t done = 0;
    for (; done + sizeof(Block) <= bytes; done += sizeof(Block))
      moveBlock(out + done, in + done);
    for (; done < bytes; ++done)
      out[done] = in[done];
    return to;
  }
  for (; bytes >= sizeof(Block); bytes -= sizeof(Block))
    moveBlock(out + bytes - sizeof(Block), in + bytes - sizeof(Block));
  while (bytes-- != 0)
    out[bytes] = in[bytes];
  return to;
}
}
