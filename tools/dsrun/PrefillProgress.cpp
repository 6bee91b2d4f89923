// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/dsrun/PrefillProgress.h"

namespace ds::dsrun {

void PrefillProgress::onPrefill(uint64_t done, uint64_t total) {
  if (!quiet_ && total > chunk_) {
    if (!bar_)
      bar_.emplace("dsrun");
    bar_->show("prompt " + std::to_string(done) + " of " +
                   std::to_string(total) + " tokens",
               double(done) / double(total));
  }
  next_.onPrefill(done, total);
}

void PrefillProgress::onToken(size_t request, uint32_t token) {
  bar_.reset();
  next_.onToken(request, token);
}

void PrefillProgress::onFinish(size_t request,
                               const rt::Completion &completion) {
  bar_.reset();
  next_.onFinish(request, completion);
}

} // namespace ds::dsrun
