// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Shows how far long prompts are, and passes everything on.
#pragma once
#include "runtime/exec/Generator.h"
#include "tools/terminal/ProgressBar.h"
#include <optional>

namespace ds::dsrun {

class PrefillProgress : public rt::GenerationListener {
public:
  /// Prompts that one run of `chunk` tokens holds are not worth a bar.
  PrefillProgress(rt::GenerationListener &next, uint32_t chunk, bool quiet)
      : next_(next), chunk_(chunk), quiet_(quiet) {}
  void onPrefill(uint64_t done, uint64_t total) override;
  void onToken(size_t request, uint32_t token) override;
  void onFinish(size_t request, const rt::Completion &completion) override;

private:
  rt::GenerationListener &next_;
  uint32_t chunk_;
  bool quiet_;
  std::optional<terminal::ProgressBar> bar_;
};

} // namespace ds::dsrun
