// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Names the row of the kernel table that computes each call.
// The choice itself is choose(); here its question is put together from the
// types of the call.
#include "kernels/Catalog.h"
#include "passes/kernel/BindShape.h"
#include "passes/kernel/Choice.h"
#include "passes/kernel/Passes.h"
#include "passes/kernel/Signature.h"
#include <llvm/ADT/DenseSet.h>
#include <llvm/Support/Format.h>
#include <llvm/Support/raw_ostream.h>
#include <mlir/Dialect/Func/IR/FuncOps.h>
#include <mlir/IR/Builders.h>

using namespace mlir;

namespace ds::kernel {
#define GEN_PASS_DEF_SELECTVARIANTPASS
#include "passes/kernel/Passes.h.inc"

namespace {

kernels::Weights weightsOf(CallOp call, const SymbolTable &symbols) {
  if (!call.getWeightsAttr() || call.getWeightsAttr().empty())
    return kernels::Weights::None;
  auto first = cast<FlatSymbolRefAttr>(call.getWeightsAttr()[0]);
  auto weight = symbols.lookup<WeightOp>(first.getValue());
  if (weight && weight.getEncoding() == Encoding::BF16)
    return kernels::Weights::BF16;
  if (weight && weight.getEncoding() == Encoding::F8E4M3Block128)
    return kernels::Weights::F8E4M3Block128;
  return kernels::Weights::None;
}

void print(CallOp call, const Problem &problem, const Choice &choice,
           StringRef level) {
  llvm::errs() << call.getFamily() << " " << call.getShape() << ", "
               << problem.rows << " rows, level " << level << "\n";
  for (const Candidate &candidate : choice.candidates) {
    llvm::errs() << "  " << StringRef(candidate.row->name) << ": ";
    if (candidate.microseconds > 0)
      llvm::errs() << llvm::format("%.1f us, ", candidate.microseconds);
    llvm::errs() << (candidate.lost.empty() ? "chosen" : candidate.lost)
                 << "\n";
  }
}

struct SelectVariant : impl::SelectVariantPassBase<SelectVariant> {
  using SelectVariantPassBase::SelectVariantPassBase;

  void runOnOperation() override {
    SmallVector<const kernels::LevelInfo *> infos;
    for (StringRef level : levels) {
      infos.push_back(kernels::findLevel(level));
      if (infos.back())
        continue;
      getOperation().emitError("no code is made for level ") << level;
      return signalPassFailure();
    }
    if (infos.empty()) {
      getOperation().emitError("no level to choose for");
      return signalPassFailure();
    }
    SymbolTable symbols(getOperation());
    findMostRows();
    bool allFound = true;
    getOperation().walk([&](CallOp call) {
      allFound &= succeeded(select(call, infos, symbols));
    });
    if (!allFound)
      return signalPassFailure();
    Builder builder(&getContext());
    SmallVector<StringRef> names(levels.begin(), levels.end());
    getOperation()->setAttr(kLevelsAttr, builder.getStrArrayAttr(names));
  }

  /// Of every function the most rows of a run: those of its entry, for a layer's
  /// body those of the entries that run it.
  void findMostRows() {
    for (auto entry : getOperation().getOps<func::FuncOp>()) {
      auto kind = entry->getAttrOfType<StringAttr>(kEntryAttr);
      if (!kind)
        continue;
      uint32_t most = kind == "prefill" ? chunk
                      : kind == "head"  ? headRows
                                        : decodeTokens;
      mostRows_[entry.getSymNameAttr()] = most;
      entry.walk([&](LayersOp layers) {
        uint32_t &ofBody = mostRows_[layers.getBodyAttr().getAttr()];
        ofBody = std::max(ofBody, most);
      });
    }
  }

  LogicalResult select(CallOp call,
                       ArrayRef<const kernels::LevelInfo *> infos,
                       const SymbolTable &symbols) {
    FailureOr<BoundCall> bound = bindCall(call);
    if (failed(bound))
      return failure();
    std::optional<Signature> signature =
        signatureOf(call.getFamily(), bound->words);
    if (!signature)
      return call.emitOpError("has no contract");
    addScales(*signature, call);
    FailureOr<Type> activation = activationOf(call, *signature);
    if (failed(activation))
      return failure();
    Problem problem{bound->family, activationOf(*activation),
                    weightsOf(call, symbols), bound->words, rows};
    if (auto function = call->getParentOfType<func::FuncOp>())
      problem.mostRows = mostRows_.lookup(function.getSymNameAttr());
    SmallVector<Choice> choices;
    SmallVector<StringRef> variants;
    for (const kernels::LevelInfo *info : infos) {
      choices.push_back(choose(problem, info->level));
      if (!choices.back().row)
        return call.emitOpError("has no kernel for activations ")
               << StringRef(nameOf(problem.activation)) << ", weights "
               << StringRef(nameOf(problem.weights)) << " at level "
               << StringRef(info->name);
      variants.push_back(choices.back().row->name);
    }
    call.setVariantsAttr(Builder(&getContext()).getStrArrayAttr(variants));
    if (explain &&
        explained_.insert({call.getVariantsAttr(), call.getShapeAttr()}).second)
      for (auto [info, choice] : llvm::zip_equal(infos, choices))
        print(call, problem, choice, info->name);
    return success();
  }

  llvm::DenseMap<StringAttr, uint32_t> mostRows_; // by function
  llvm::DenseSet<std::pair<Attribute, Attribute>> explained_;
};

} // namespace
} // namespace ds::kernel
