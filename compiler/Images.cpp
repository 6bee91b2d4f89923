// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/Images.h"
#include "compiler/codegen/CUDASource.h"
#include "dialects/Plan/Plan.h"
#include "passes/kernel/BindShape.h"
#include "runtime/base/SignalsBlocked.h"
#include <algorithm>
#include <fmt/format.h>
#include <future>
#include <map>

namespace ds {
namespace {

/// The names that the importer gave to the ops a location stands for.
void collectNames(mlir::Location location, std::vector<std::string> &names) {
  if (auto fused = llvm::dyn_cast<mlir::FusedLoc>(location)) {
    for (mlir::Location part : fused.getLocations())
      collectNames(part, names);
  } else if (auto name = llvm::dyn_cast<mlir::NameLoc>(location)) {
    std::string text = name.getName().str();
    if (std::ranges::find(names, text) == names.end())
      names.push_back(std::move(text));
  }
}

/// "layers 1-5", "layer 0".
std::string layersText(const std::vector<int32_t> &layers) {
  std::string text;
  for (size_t i = 0; i < layers.size();) {
    size_t last = i;
    while (last + 1 < layers.size() && layers[last + 1] == layers[last] + 1)
      ++last;
    text += text.empty() ? "" : " ";
    text += last > i ? fmt::format("{}-{}", layers[i], layers[last])
                     : fmt::format("{}", layers[i]);
    i = last + 1;
  }
  return (layers.size() == 1 ? "layer " : "layers ") + text;
}

/// For each kernel the bodies that call it, and for which layers these run:
/// "prefill_moe (layers 1-5)".
std::map<std::string, std::vector<std::string>>
callersOf(mlir::ModuleOp module) {
  std::map<std::string, std::vector<int32_t>> layersOf; // by body
  for (auto entry : module.getOps<plan::EntryOp>())
    for (auto call : entry.getCalls().getOps<plan::CallOp>())
      layersOf[call.getBody().str()].push_back(int32_t(call.getLayer()));
  std::map<std::string, std::vector<std::string>> callers;
  for (auto body : module.getOps<plan::BodyOp>()) {
    std::string name = body.getSymName().str();
    // The row of what no layer has is "globals".
    if (body.getRow() != "globals")
      name += fmt::format(" ({})", layersText(layersOf[name]));
    for (auto step : body.getSteps().getOps<plan::StepOp>()) {
      std::vector<std::string> &list = callers[step.getKernel().str()];
      if (list.empty() || list.back() != name)
        list.push_back(name);
    }
  }
  return callers;
}

/// The first code of the threads' results; the last one runs here.
template <class Make>
auto sideBySide(size_t count, Make make) {
  using Made = decltype(make(size_t(0)));
  std::vector<std::future<Made>> running;
  {
    SignalsBlocked inThreads; // they are the caller's to handle
    for (size_t i = 0; i < count; ++i)
      running.push_back(std::async(i + 1 < count ? std::launch::async
                                                 : std::launch::deferred,
                                   make, i));
  }
  std::vector<Made> made;
  for (auto one = running.rbegin(); one != running.rend(); ++one)
    made.push_back(one->get()); // the last first: it runs here
  std::ranges::reverse(made);
  return made;
}

Result<CompiledImage> gpuImage(const UnitCompiler &compiler, TargetKind kind,
                               const LevelKernels &kernels) {
  DS_ASSIGN(std::string unit, cudaSource(*kernels.level, kernels.instances));
  CompiledImage image;
  image.kind = kind;
  image.level = kernels.level->name;
  image.features = compiler.featuresOf(*kernels.level);
  DS_ASSIGN(image.bytes, compiler.compile(unit, *kernels.level));
  image.launches = boundLaunches(kernels.instances);
  return image;
}

} // namespace

Result<std::vector<LevelKernels>> kernelsOf(mlir::ModuleOp module,
                                            const Levels &levels) {
  std::vector<LevelKernels> all;
  auto callers = callersOf(module);
  for (size_t i = 0; i < levels.size(); ++i) {
    all.push_back({levels[i], {}});
    for (auto op : module.getOps<plan::KernelOp>()) {
      std::string row = llvm::cast<mlir::StringAttr>(op.getRows()[i]).str();
      const kernels::KernelRow *found = kernels::findRow(row);
      auto words = found ? kernel::bindShape(op, *found->family, op.getShape())
                         : llvm::FailureOr<kernel::ShapeWords>(mlir::failure());
      if (mlir::failed(words))
        return Error{.code = ErrorCode::InternalError,
                     .subject = "kernel " + row + " cannot be bound"};
      std::vector<std::string> names{op.getSymName().str() + ":"};
      collectNames(op.getLoc(), names);
      all.back().instances.push_back(
          {row,
           {words->begin(), words->end()},
           fmt::format("{}", fmt::join(names, " ")),
           callers[op.getSymName().str()]});
    }
  }
  return all;
}

Result<std::vector<CompiledImage>>
compileImages(std::span<const LevelKernels> kernels, TargetKind kind,
              const std::optional<UnitCompiler> &compiler) {
  auto made =
      sideBySide(kernels.size(), [&](size_t i) -> Result<CompiledImage> {
        const LevelKernels &of = kernels[i];
        return compiler ? gpuImage(*compiler, kind, of)
                        : compileImage(of.level->level, of.instances);
      });
  std::vector<CompiledImage> images;
  for (Result<CompiledImage> &image : made) {
    DS_ASSIGN(images.emplace_back(), std::move(image));
  }
  return images;
}

Result<std::string> emitCode(const LevelKernels &kernels, Emission emission,
                             const std::optional<UnitCompiler> &compiler) {
  DS_ASSIGN(std::string unit, cudaSource(*kernels.level, kernels.instances));
  if (emission == Emission::CUDA)
    return unit;
  if (emission == Emission::PTX)
    return compiler->ptx(unit, *kernels.level);
  DS_ASSIGN(std::vector<uint8_t> code, compiler->compile(unit, *kernels.level));
  return std::string(code.begin(), code.end());
}

} // namespace ds
