// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Holds every call against its family's contract, so that nothing behind this
// pass has to ask how large an operand is.
#include "passes/kernel/BindShape.h"
#include "passes/kernel/Passes.h"
#include "passes/kernel/Signature.h"
#include <mlir/Dialect/Func/IR/FuncOps.h>

using namespace mlir;

namespace ds::kernel {
#define GEN_PASS_DEF_VERIFYCALLSPASS
#include "passes/kernel/Passes.h.inc"

namespace {

/// Bytes of workspace per worker that a session is ready to give.
constexpr uint64_t kMaxWorkspace = uint64_t(1) << 30;

bool hasElement(Type type, const Operand &wanted) {
  switch (wanted.element) {
  case Operand::F32:
    return type.isF32();
  case Operand::BF16:
    return type.isBF16();
  case Operand::Codes:
    return isa<Float8E4M3FNType>(type);
  case Operand::A:
    return type.isF32() || type.isBF16() ||
           (wanted.columns && isa<Float8E4M3FNType>(type));
  case Operand::I32:
    return type.isInteger(32);
  case Operand::AnyWord:
    return type.isF32() || type.isInteger(32);
  case Operand::State:
    return false;
  }
  return false;
}

LogicalResult verifyOperand(CallOp call, const Twine &name, Type type,
                            const Operand &wanted) {
  if (auto state = dyn_cast<StateType>(type)) {
    if (wanted.element == Operand::State)
      return success(); // its size: verifyState()
    return call.emitOpError(name) << " is a state, expected a tensor";
  }
  if (wanted.element == Operand::State)
    return call.emitOpError(name) << " is " << type << ", expected a state";
  auto tensor = cast<RankedTensorType>(type);
  if (!hasElement(tensor.getElementType(), wanted))
    return call.emitOpError(name) << " is " << type << ", expected elements of "
                                  << "the contract";
  if (isa<Float8E4M3FNType>(tensor.getElementType()) && wanted.columns &&
      tensor.getShape().back() != int64_t(wanted.columns))
    return call.emitOpError(name) << " is " << type << ", expected codes in rows "
                                  << "of " << wanted.columns;
  uint64_t values = 1;
  for (auto [index, size] : llvm::enumerate(tensor.getShape())) {
    if (index == 0 && ShapedType::isDynamic(size) && !wanted.isFixed)
      continue;
    if (ShapedType::isDynamic(size) || (index == 0 && !wanted.isFixed))
      return call.emitOpError(name) << " is " << type << ", expected tokens as "
                                    << "its first size and no other";
    values *= size;
  }
  if (values == wanted.values)
    return success();
  return call.emitOpError(name) << " holds " << values << " values per row, "
                                << "expected " << wanted.values;
}

struct VerifyCalls : impl::VerifyCallsPassBase<VerifyCalls> {
  void runOnOperation() override {
    SymbolTable symbols(getOperation());
    bool good = true;
    getOperation().walk([&](Operation *op) {
      if (auto call = dyn_cast<CallOp>(op))
        good &= succeeded(verify(call, symbols));
      else if (auto layers = dyn_cast<LayersOp>(op))
        good &= succeeded(verify(layers, symbols));
    });
    if (!good)
      signalPassFailure();
  }

  LogicalResult verify(CallOp call, const SymbolTable &symbols) {
    FailureOr<BoundCall> bound = bindCall(call);
    if (failed(bound))
      return failure();
    std::optional<Signature> wanted =
        signatureOf(call.getFamily(), bound->words);
    if (!wanted)
      return call.emitOpError("has no contract");
    addScales(*wanted, call);
    if (call.getInputs().size() != wanted->inputs.size())
      return call.emitOpError("takes ") << call.getInputs().size()
                                        << " inputs, expected "
                                        << wanted->inputs.size();
    size_t results = wanted->outputs.size() + wanted->changesState;
    if (call.getOutputs().size() != results)
      return call.emitOpError("gives ") << call.getOutputs().size()
                                        << " results, expected " << results;
    for (auto [index, operand] : llvm::enumerate(wanted->inputs))
      if (failed(verifyOperand(call, "input " + Twine(index),
                               call.getInputs()[index].getType(), operand)))
        return failure();
    for (auto [index, operand] : llvm::enumerate(wanted->outputs))
      if (failed(verifyOperand(call, "result " + Twine(index),
                               call.getOutputs()[index].getType(), operand)))
        return failure();
    FailureOr<Type> activation = activationOf(call, *wanted);
    if (failed(activation) || failed(verifyState(call, *wanted, symbols)))
      return failure();
    if (uint64_t bytes = bound->family->workspace(bound->words.data());
        bytes > kMaxWorkspace)
      return call.emitOpError("needs ") << bytes << " bytes of workspace, "
                                        << "expected at most " << kMaxWorkspace;
    if (failed(verifyWeights(call, *wanted, symbols)))
      return failure();
    return verifyVariants(call, *bound->family, *activation, symbols);
  }

  /// The state that a value is, where the function at hand says it.
  StateOp stateBehind(Value value, const SymbolTable &symbols) {
    while (auto call = value.getDefiningOp<CallOp>())
      value = *llvm::find_if(call.getInputs(), [](Value input) {
        return isa<StateType>(input.getType());
      });
    auto argument = dyn_cast<BlockArgument>(value);
    auto function = argument ? dyn_cast<func::FuncOp>(
                                   argument.getOwner()->getParentOp())
                             : func::FuncOp();
    auto name = function ? function.getArgAttrOfType<FlatSymbolRefAttr>(
                               argument.getArgNumber(), kStateAttr)
                         : FlatSymbolRefAttr();
    return name ? symbols.lookup<StateOp>(name.getValue()) : StateOp();
  }

  /// Rows and pages of the state are those that the shape counts with.
  LogicalResult verifyState(CallOp call, const Signature &wanted,
                            const SymbolTable &symbols) {
    for (auto [input, operand] : llvm::zip(call.getInputs(), wanted.inputs)) {
      if (operand.element != Operand::State)
        continue;
      if (wanted.changesState &&
          call.getOutputs().back().getType() != input.getType())
        return call.emitOpError("gives ") << call.getOutputs().back().getType()
                                          << ", expected the state it takes";
      StateOp state = stateBehind(input, symbols);
      if (!state)
        return call.emitOpError("takes a state of unknown origin");
      auto page = call.getShape().getAs<IntegerAttr>("page_tokens");
      if (state.getWidth() != operand.values || !page ||
          state.getPage() != page.getValue().getZExtValue())
        return call.emitOpError("counts with rows of ")
               << operand.values << " and pages of " << page << ", but "
               << state.getSymName() << " has rows of " << state.getWidth()
               << " and pages of " << state.getPage();
    }
    return success();
  }

  LogicalResult verifyWeights(CallOp call, const Signature &wanted,
                              const SymbolTable &symbols) {
    ArrayAttr weights = call.getWeightsAttr();
    size_t found = weights ? weights.size() : 0, parts = wanted.weights.size();
    // A list may go on with another expert's parts: the shared one's.
    bool isFolded = wanted.listOf && found == 2 * parts;
    if (found != parts && !isFolded)
      return call.emitOpError("has ")
             << found << " weights, expected " << parts;
    Encoding encoding = Encoding::F32;
    for (size_t index = 0; index < found; ++index) {
      ArrayRef<int64_t> shape = wanted.weights[index % parts];
      uint32_t listOf = index >= parts ? 0 : wanted.listOf - isFolded;
      auto name = cast<FlatSymbolRefAttr>(weights[index]).getValue();
      auto weight = symbols.lookup<WeightOp>(name);
      if (!weight)
        return call.emitOpError("names no weight: ") << name;
      if (weight.getShape() != shape) {
        auto diagnostic = call.emitOpError("weight ") << name << " is [";
        llvm::interleaveComma(weight.getShape(), diagnostic);
        diagnostic << "], expected [";
        llvm::interleaveComma(shape, diagnostic);
        return diagnostic << "]";
      }
      if (weight.getCount().value_or(0) != listOf)
        return call.emitOpError("weight ")
               << name << " is a list of " << weight.getCount().value_or(0)
               << ", expected " << listOf;
      if (wanted.encoding && weight.getEncoding() != *wanted.encoding)
        return call.emitOpError("weight ")
               << name << " is stored as "
               << stringifyEncoding(weight.getEncoding()) << ", expected "
               << stringifyEncoding(*wanted.encoding);
      if (index > 0 && weight.getEncoding() != encoding)
        return call.emitOpError("weight ")
               << name << " is stored in another way than the first";
      encoding = weight.getEncoding();
    }
    return success();
  }

  LogicalResult verifyVariants(CallOp call, const kernels::Family &family,
                               Type activation, const SymbolTable &symbols) {
    auto levels = getOperation()->getAttrOfType<ArrayAttr>(kLevelsAttr);
    ArrayAttr variants = call.getVariantsAttr();
    size_t wanted = levels ? levels.size() : 0;
    size_t found = variants ? variants.size() : 0;
    if (!wanted && !found)
      return success(); // not chosen yet
    if (found != wanted)
      return call.emitOpError("has ")
             << found << " variants, expected one per level of the module ("
             << wanted << ")";
    for (auto [level, variant] :
         llvm::zip_equal(levels.getAsRange<StringAttr>(),
                         variants.getAsRange<StringAttr>()))
      if (failed(verifyVariant(call, family, activation, level, variant,
                               symbols)))
        return failure();
    return success();
  }

  LogicalResult verifyVariant(CallOp call, const kernels::Family &family,
                              Type activation, StringAttr level,
                              StringAttr variant, const SymbolTable &symbols) {
    const kernels::LevelInfo *info = kernels::findLevel(level.getValue());
    const kernels::KernelRow *row = kernels::findRow(variant.getValue());
    if (!info || !row || row->family != &family ||
        !kernels::isIn(*row, info->level))
      return call.emitOpError("variant ")
             << variant << " is no row of the family at level " << level;
    if (row->activation != kernels::Activation::None &&
        activation && row->activation != activationOf(activation))
      return call.emitOpError("variant ")
             << variant << " does not compute on " << activation;
    if (row->weights == kernels::Weights::None)
      return success();
    Encoding wanted = row->weights == kernels::Weights::BF16
                          ? Encoding::BF16
                          : Encoding::F8E4M3Block128;
    auto first = cast<FlatSymbolRefAttr>(call.getWeightsAttr()[0]);
    if (symbols.lookup<WeightOp>(first.getValue()).getEncoding() != wanted)
      return call.emitOpError("variant ")
             << variant << " does not read weights as they are stored";
    return success();
  }

  LogicalResult verify(LayersOp layers, const SymbolTable &symbols) {
    auto body = symbols.lookup<func::FuncOp>(layers.getBody());
    if (!body || !body->hasAttr(kLayerKindAttr))
      return layers.emitOpError("names no layer body: ") << layers.getBody();
    FunctionType type = body.getFunctionType();
    if (type.getInputs() != ArrayRef(SmallVector<Type>(
                                layers.getInputs().getTypes())) ||
        type.getResults() != ArrayRef(SmallVector<Type>(
                                 layers.getOutputs().getTypes())))
      return layers.emitOpError("passes other types than ")
             << layers.getBody() << " has, " << type;
    return success();
  }
};

} // namespace
} // namespace ds::kernel
