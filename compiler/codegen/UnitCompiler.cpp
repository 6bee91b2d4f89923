// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/codegen/UnitCompiler.h"
#include "compiler/codegen/HostUnit.h"

namespace ds {

Result<UnitCompiler> UnitCompiler::find(TargetKind target,
                                        const Toolchain &tools) {
  UnitCompiler compiler(tools);
  if (target == TargetKind::CUDA) {
    DS_ASSIGN(compiler.nvrtc_, NVRTC::load(tools.nvrtc));
  } else {
    DS_ASSIGN(compiler.clangKey_, hostUnitKey(tools.clang));
  }
  return compiler;
}

Result<std::vector<uint8_t>>
UnitCompiler::compile(const std::string &unit,
                      const kernels::LevelInfo &level) const {
  std::vector<std::string> parts = clangKey_;
  if (nvrtc_) {
    parts = NVRTC::optionsFor(level);
    parts.push_back(nvrtc_->build());
  }
  parts.push_back(unit);
  Digest key = CodeCache::keyOf(parts);
  if (auto found = cache_.find(key))
    return *std::move(found);
  std::vector<uint8_t> code;
  if (nvrtc_) {
    DS_ASSIGN(NVRTC::Output output, nvrtc_->compile(unit, level));
    code = std::move(output.cubin);
  } else {
    DS_ASSIGN(code, compileHostUnit(unit, clang_));
  }
  cache_.store(key, code);
  return code;
}

Result<std::string> UnitCompiler::ptx(const std::string &unit,
                                      const kernels::LevelInfo &level) const {
  DS_ASSIGN(NVRTC::Output output, nvrtc_->compile(unit, level));
  return std::move(output.ptx);
}

std::string UnitCompiler::name() const {
  if (nvrtc_)
    return "NVRTC " + nvrtc_->version();
  const std::string &version = clangKey_.front();
  return version.substr(0, version.find('\n'));
}

std::string UnitCompiler::featuresOf(const kernels::LevelInfo &level) const {
  if (!nvrtc_) // the flags of HostUnit.cpp
    return std::string(kernels::levels().back().features);
  std::string features(level.features);
  if (level.name.ends_with('a'))
    features += 'a'; // for exactly this capability
  // A driver runs cubins of its own major version's toolkits.
  return features + " " +
         nvrtc_->version().substr(0, nvrtc_->version().find('.')) + ".0";
}

} // namespace ds
