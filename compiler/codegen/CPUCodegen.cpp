// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Kernels are bitcode; an instance is a wrapper that passes the address of a
// constant shape. Once the kernel is inlined into it, the shape's fields are
// constants for the loops.
#include "compiler/codegen/Codegen.h"
#include "compiler/codegen/Flatten.h"
#include "compiler/codegen/KernelBitcode.h"
#include <llvm/Bitcode/BitcodeReader.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/LLVMContext.h>
#include <llvm/IR/LegacyPassManager.h>
#include <llvm/IR/Module.h>
#include <llvm/IR/Verifier.h>
#include <llvm/MC/TargetRegistry.h>
#include <llvm/Passes/PassBuilder.h>
#include <llvm/Support/SmallVectorMemoryBuffer.h>
#include <llvm/Support/TargetSelect.h>
#include <llvm/Support/raw_ostream.h>
#include <llvm/Target/TargetMachine.h>
#include <llvm/Target/TargetOptions.h>
#include <llvm/Transforms/IPO/GlobalDCE.h>
#include <llvm/Transforms/IPO/Internalize.h>

using namespace llvm;

namespace ds {
namespace {

/// LLVM calls these after the last pass that could see a use of them, so they
/// stay external until flatten() leaves out what is not reached.
bool isMemoryFunction(StringRef name) {
  return name == "memcpy" || name == "memset" || name == "memmove";
}

std::string entryName(StringRef part, size_t instance) {
  return ("ds." + part + "." + Twine(instance)).str();
}

/// `wrapper(arguments…) { return kernel(&shape, arguments…); }`
void bindShape(Module &module, Function &kernel, GlobalVariable &shape,
               const std::string &name) {
  FunctionType *type = kernel.getFunctionType();
  auto *wrapperType = FunctionType::get(type->getReturnType(),
                                        type->params().drop_front(), false);
  auto *wrapper =
      Function::Create(wrapperType, GlobalValue::ExternalLinkage, name, module);
  // The CPU features of both must agree, or the kernel is silently not inlined.
  AttributeList attributes = kernel.getAttributes();
  wrapper->setAttributes(AttributeList::get(
      module.getContext(), attributes.getFnAttrs(), AttributeSet(), {}));
  wrapper->setVisibility(GlobalValue::HiddenVisibility);
  kernel.removeFnAttr(Attribute::NoInline);
  kernel.addFnAttr(Attribute::AlwaysInline);

  IRBuilder<> builder(BasicBlock::Create(module.getContext(), "", wrapper));
  SmallVector<Value *> operands{&shape};
  for (Argument &argument : wrapper->args())
    operands.push_back(&argument);
  CallInst *call = builder.CreateCall(&kernel, operands);
  if (type->getReturnType()->isVoidTy())
    builder.CreateRetVoid();
  else
    builder.CreateRet(call);
}

llvm::Error bindInstances(Module &module,
                          std::span<const KernelInstance> instances) {
  for (size_t i = 0; i < instances.size(); ++i) {
    const KernelInstance &instance = instances[i];
    auto *values = ConstantDataArray::get(module.getContext(),
                                          ArrayRef<uint32_t>(instance.shape));
    auto *shape = new GlobalVariable(module, values->getType(), true,
                                     GlobalValue::PrivateLinkage, values);
    for (StringRef part : {"run", "tiles"}) {
      std::string row = instance.row + (part == "run" ? "" : "_tiles");
      Function *kernel = module.getFunction(row);
      if (!kernel || kernel->isDeclaration())
        return createStringError("no kernel " + row);
      bindShape(module, *kernel, *shape, entryName(part, i));
    }
  }
  return llvm::Error::success();
}

Expected<std::unique_ptr<TargetMachine>> targetMachine(const Module &module) {
  static const bool initialised = [] {
    InitializeNativeTarget();
    InitializeNativeTargetAsmPrinter();
    return true;
  }();
  (void)initialised;
  std::string error;
  const Triple &triple = module.getTargetTriple();
  const llvm::Target *target = TargetRegistry::lookupTarget(triple, error);
  if (!target)
    return createStringError(error);
  TargetOptions options;
  options.FunctionSections = options.DataSections = true;
  // The functions' own attributes name the CPU and its features.
  return std::unique_ptr<TargetMachine>(target->createTargetMachine(
      triple, "x86-64", "", options, Reloc::PIC_, CodeModel::Small,
      CodeGenOptLevel::Aggressive));
}

void optimise(Module &module, TargetMachine &machine) {
  LoopAnalysisManager loops;
  FunctionAnalysisManager functions;
  CGSCCAnalysisManager components;
  ModuleAnalysisManager modules;
  PassBuilder builder(&machine);
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(components);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, components, modules);
  ModulePassManager passes;
  passes.addPass(GlobalDCEPass()); // other kernels, before they cost time
  passes.addPass(builder.buildPerModuleDefaultPipeline(OptimizationLevel::O3));
  passes.run(module, modules);
}

/// What was not inlined may not be bound: right results, but slow ones.
llvm::Error checkInlined(const Module &module) {
  for (const Function &f : module)
    if (!f.isDeclaration() && !f.getName().starts_with("ds.") &&
        !isMemoryFunction(f.getName()))
      return createStringError(f.getName() + " was not inlined");
  return llvm::Error::success();
}

Expected<SmallVector<char, 0>> emitObject(Module &module,
                                          TargetMachine &machine) {
  SmallVector<char, 0> object;
  raw_svector_ostream stream(object);
  legacy::PassManager passes;
  if (machine.addPassesToEmitFile(passes, stream, nullptr,
                                  CodeGenFileType::ObjectFile))
    return createStringError("the target cannot emit objects");
  passes.run(module);
  return object;
}

Expected<FlatImage> compile(std::span<const char> bitcode,
                            std::span<const KernelInstance> instances) {
  LLVMContext context;
  Expected<std::unique_ptr<Module>> parsed = parseBitcodeFile(
      {StringRef(bitcode.data(), bitcode.size()), "kernels"}, context);
  if (!parsed)
    return parsed.takeError();
  Module &module = **parsed;
  if (llvm::Error error = bindInstances(module, instances))
    return error;
  internalizeModule(module, [](const GlobalValue &value) {
    return value.getName().starts_with("ds.") ||
           isMemoryFunction(value.getName());
  });
  if (verifyModule(module, &errs()))
    return createStringError("the bound module is broken");
  auto machine = targetMachine(module);
  if (!machine)
    return machine.takeError();
  module.setDataLayout((*machine)->createDataLayout());
  optimise(module, **machine);
  if (llvm::Error error = checkInlined(module))
    return error;
  auto object = emitObject(module, **machine);
  if (!object)
    return object.takeError();
  std::vector<std::string> names;
  for (size_t i = 0; i < instances.size(); ++i)
    for (StringRef part : {"run", "tiles"})
      names.push_back(entryName(part, i));
  return flatten({StringRef(object->data(), object->size()), "object"}, names);
}

} // namespace

Result<CompiledImage> compileImage(kernels::Level level,
                                   std::span<const KernelInstance> instances) {
  Expected<FlatImage> flat = compile(kernelBitcode(level), instances);
  if (!flat)
    return Error{.code = ErrorCode::InternalError,
                 .subject = "code generation: " + toString(flat.takeError())};
  CompiledImage image;
  for (const kernels::LevelInfo &info : kernels::levels())
    if (info.level == level) {
      image.level = info.name;
      image.features = info.features;
    }
  image.bytes = std::move(flat->bytes);
  image.textSize = flat->textSize;
  image.rodataOffset = flat->rodataOffset;
  for (size_t i = 0; i < instances.size(); ++i)
    image.entries.push_back({flat->entries[2 * i], flat->entries[2 * i + 1]});
  return image;
}

} // namespace ds
