// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/pipeline/Pipeline.h"
#include "compiler/Compiler.h"
#include "compiler/pipeline/Target.h"
#include "dialects/DS/DS.h"
#include "dialects/Kernel/Kernel.h"
#include "dialects/Plan/Plan.h"
#include "passes/kernel/Passes.h"
#include "passes/model/Passes.h"
#include "passes/plan/Passes.h"
#include <fmt/format.h>
#include <llvm/Support/raw_ostream.h>
#include <mlir/Dialect/Func/IR/FuncOps.h>
#include <mlir/Pass/PassManager.h>
#include <mlir/Pass/PassRegistry.h>

namespace ds {
namespace {

/// Collects MLIR's error texts, with the names that locations carry.
class DiagnosticText {
public:
  explicit DiagnosticText(mlir::MLIRContext *context)
      : handler_(context, [this](mlir::Diagnostic &diagnostic) {
          if (diagnostic.getSeverity() != mlir::DiagnosticSeverity::Error)
            return mlir::failure();
          llvm::raw_string_ostream stream(text_);
          stream << (text_.empty() ? "" : "; ");
          if (auto name =
                  llvm::dyn_cast<mlir::NameLoc>(diagnostic.getLocation()))
            stream << name.getName().getValue() << ": ";
          stream << diagnostic;
          return mlir::success();
        }) {}
  const std::string &text() const { return text_; }

private:
  std::string text_;
  mlir::ScopedDiagnosticHandler handler_;
};

Error passFailure(Stage stage, std::string text) {
  return {.code = ErrorCode::PassFailed,
          .subject = fmt::format("stage {}: {}", nameOf(stage),
                                 text.empty() ? "a pass failed" : text)};
}

std::string modelPasses(const CompileOptions &options) {
  std::string_view force = options.mla == MLAForm::Expanded   ? "expanded"
                           : options.mla == MLAForm::Absorbed ? "absorbed"
                                                              : "";
  TargetDescription target = describeTarget(options);
  std::string activations = fmt::format(
      "activations={}{}", target.activations,
      target.activations == "fp8" ? fmt::format(" rest={}", target.rest) : "");
  return fmt::format(
      "ds-verify-model,ds-fold-yarn,ds-split-phases,ds-select-mla{},"
      "ds-fuse-projections,ds-fuse-norm-quant,ds-fuse-router,ds-select-experts,"
      "ds-place-quantization{{{}}},ds-verify-encodings",
      force.empty() ? "" : fmt::format("{{force={}}}", force), activations);
}

} // namespace

std::string passesOf(Stage stage, const CompileOptions &options) {
  std::string passes;
  switch (stage) {
  case Stage::model:
    passes = modelPasses(options);
    break;
  case Stage::kernel:
    passes = fmt::format("convert-ds-to-kernel{{chunk={} decode-tokens={} "
                         "context={}}},{}"
                         "kernel-select-variant{{levels={} chunk={} "
                         "decode-tokens={} head-rows={}{}}},"
                         "kernel-verify-calls",
                         options.chunk, kDecodeTokens, options.context,
                         describeTarget(options).fusesCalls
                             ? fmt::format("kernel-fuse-calls{{decode-tokens="
                                           "{}}},kernel-fold-shared-expert,",
                                           kDecodeTokens)
                             : "",
                         fmt::join(options.target.levels, ","), options.chunk,
                         kDecodeTokens, kHeadRows,
                         options.explain ? " explain=true" : "");
    break;
  case Stage::plan:
    passes = fmt::format("convert-kernel-to-plan{{chunk={} decode-tokens={} "
                         "head-rows={}}},plan-order-steps,plan-assign-offsets,"
                         "plan-verify-schedule",
                         options.chunk, kDecodeTokens, kHeadRows);
    break;
  default:
    return "";
  }
  return "builtin.module(" + passes + ")";
}

Status runStage(mlir::ModuleOp module, Stage stage,
                const CompileOptions &options) {
  std::string passes = passesOf(stage, options);
  if (passes.empty())
    return Status::ok();
  DiagnosticText diagnostics(module.getContext());
  mlir::PassManager manager(module.getContext());
  manager.enableVerifier(true);
  std::string parseError;
  llvm::raw_string_ostream stream(parseError);
  auto parsed = mlir::parsePassPipeline(passes, stream);
  if (mlir::failed(parsed))
    return passFailure(stage, parseError);
  static_cast<mlir::OpPassManager &>(manager) = std::move(*parsed);
  if (mlir::failed(manager.run(module)))
    return passFailure(stage, diagnostics.text());
  return Status::ok();
}

void registerEverything(mlir::DialectRegistry &registry) {
  registry.insert<DSDialect, kernel::KernelDialect, plan::PlanDialect,
                  mlir::func::FuncDialect>();
  static const bool passes = [] {
    registerDSPasses();
    kernel::registerKernelPasses();
    plan::registerPlanPasses();
    return true;
  }();
  (void)passes;
}

std::string_view nameOf(Stage stage) {
  constexpr std::string_view names[] = {
#define STAGE(name, dialects, promise) #name,
#include "compiler/pipeline/Stages.def"
  };
  return names[size_t(stage)];
}

} // namespace ds
