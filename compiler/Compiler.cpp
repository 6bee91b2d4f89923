// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/Compiler.h"
#include "compiler/Images.h"
#include "compiler/checkpoint/CheckWeights.h"
#include "compiler/checkpoint/ConfigReader.h"
#include "compiler/checkpoint/Model.h"
#include "compiler/emit/PlanEmitter.h"
#include "compiler/emit/QuantizeWeights.h"
#include "compiler/import/ModelBuilder.h"
#include "compiler/pipeline/Pipeline.h"
#include "compiler/pipeline/Target.h"
#include "compiler/text/ChatRecognizer.h"
#include "compiler/text/TokenizerReader.h"
#include "runtime/plan/AtomicOutput.h"
#include "runtime/plan/TemporaryOutput.h"
#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fmt/format.h>
#include <llvm/Support/raw_ostream.h>
#include <mlir/IR/MLIRContext.h>
#include <set>

namespace ds {
namespace {

Error usage(std::string option, std::string found, std::string expected) {
  return {.code = ErrorCode::UsageError,
          .subject = std::move(option),
          .found = std::move(found),
          .expected = std::move(expected)};
}

/// Whether the plan has FP8 weights.
bool hasFP8(const CompileOptions &options,
            const checkpoint::ModelConfig &config) {
  return config.quantizationConfig || options.quantizeWeights;
}

/// Options that this model cannot have.
Status checkOptions(const CompileOptions &options,
                    const checkpoint::ModelConfig &config) {
  Status status;
  if (options.context > config.maxPositionEmbeddings)
    status.add(usage("--ctx", std::to_string(options.context),
                     fmt::format("at most {} (max_position_embeddings)",
                                 config.maxPositionEmbeddings)));
  bool isReference = options.kernels == KernelChoice::Reference;
  if (options.activations == Activations::Rows && isReference)
    status.add(usage("--activations", "bf16",
                     "fp8 or nothing: reference kernels compute in f32"));
  if (!options.fuse.value_or(true) && options.target.isGPU())
    status.add(usage("--fuse", "off", "on, or nothing: GPUs have no rows that "
                                      "compute the calls apart"));
  if (options.fuse.value_or(false) && !isReference && !options.target.isGPU())
    status.add(usage("--fuse", "on",
                     "off, or --kernels=reference with it: CPU levels have no "
                     "rows that compute several calls"));
  if (options.activations == Activations::FP8 && !hasFP8(options, config))
    status.add(usage("--activations", "fp8",
                     "bf16: the checkpoint has no FP8 weights"));
  if (options.tapExperts && config.firstKDenseReplace >= config.numHiddenLayers)
    status.add(usage("--taps=experts", "a model without experts", "hidden"));
  return status;
}

/// What is wrong with the place of the output, before any work is done for it.
Status checkOutput(const CompileOptions &options,
                   const checkpoint::Model &model) {
  if (options.output == "-")
    return Status::ok();
  DS_TRY(checkpoint::checkNotInput(model.checkpoint, options.output));
  return rt::checkOutput(options.output);
}

/// What a plan takes from the folder's files beside config and weights: text
/// (sections TOKN and CHAT) and defaults of sampling.
struct SideFiles {
  std::optional<std::vector<uint8_t>> tokenizer;
  std::optional<rt::ChatRecord> chat;
  std::string format = "none", reason;
  std::optional<checkpoint::GenerationConfig> generation;
};

Result<SideFiles> readSideFiles(const CompileOptions &options,
                                const checkpoint::Model &model) {
  SideFiles side;
  const std::string &folder = model.checkpoint.folder;
  DS_ASSIGN(side.generation, checkpoint::readGenerationConfig(
                                 folder, model.config.vocabSize));
  DS_ASSIGN(side.tokenizer, compileTokenizer(folder, model.config.vocabSize));
  if (!side.tokenizer)
    return side;
  DS_ASSIGN(ChatRecognition chat,
            recognizeChat(folder, *side.tokenizer,
                          rt::chatFormatOf(options.chatFormat)));
  side.chat = chat.record;
  side.format = rt::chatFormatName(chat.record.format);
  side.reason = chat.reason;
  return side;
}

/// The folder of the shards as seen from the folder of the plan.
Result<std::string> relativeWeights(const std::string &folder,
                                    const std::string &plan) {
  namespace fs = std::filesystem;
  std::error_code error;
  fs::path from = fs::absolute(plan, error).parent_path();
  if (!error)
    from = fs::weakly_canonical(from, error);
  fs::path to = error ? fs::path() : fs::canonical(folder, error);
  if (error)
    return Error{.code = ErrorCode::FolderUnreadable,
                 .file = folder,
                 .subject = error.message()};
  return to.lexically_relative(from).string();
}

/// Text goes into a file of its own or, for "-", to the caller.
Status writeText(std::string text, const std::string &output,
                 CompileReport &report) {
  if (output == "-") {
    report.text = std::move(text);
    return Status::ok();
  }
  return rt::writeTextAtomically(output, text);
}

std::string textOf(mlir::ModuleOp module) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  module.print(stream);
  stream << "\n";
  return text;
}

/// What the closing box says of kernels.
void describeKernels(CompileReport &report,
                     const std::vector<LevelKernels> &kernels) {
  std::set<std::string> rows;
  for (const LevelKernels &level : kernels)
    for (const KernelInstance &instance : level.instances)
      rows.insert(instance.row);
  report.kernels.assign(rows.begin(), rows.end());
  report.kernelInstances = uint32_t(kernels.front().instances.size());
}

/// The options that shape a plan, for its provenance.
std::string optionsText(const CompileOptions &options, uint32_t context) {
  constexpr std::string_view forms[] = {"by-phase", "expanded", "absorbed"};
  return fmt::format(
      "--ctx={} --chunk={} {} --kernels={} --activations={} "
      "--fuse={} --force-mla={} --taps={}{}{} "
      "--chat-format={}{}{}{}{}",
      context, options.chunk, textOf(options.target),
      options.kernels == KernelChoice::Reference ? "reference" : "native",
      describeTarget(options).activations,
      describeTarget(options).fusesCalls ? "on" : "off",
      forms[size_t(options.mla)],
      options.tapHidden ? "hidden" : "",
      options.tapHidden && options.tapExperts ? "," : "",
      options.tapExperts ? "experts" : "",
      options.chatFormat.empty() ? "template" : options.chatFormat,
      options.quantizeWeights ? " --quantize-weights=fp8" : "",
      options.bundle ? " --bundle" : "",
      options.checkWeights ? " --check-weights" : "",
      options.allowNonfinite ? " --allow-nonfinite" : "");
}

/// Whether code for GPUs is compiled at all.
bool needsUnitCompiler(const CompileOptions &options) {
  return options.target.isGPU() && options.emission != Emission::CUDA &&
         (!options.stopAfter || options.stopAfter == Stage::code);
}

void describeModel(CompileReport &report, const checkpoint::Model &model) {
  const checkpoint::ModelConfig &c = model.config;
  uint32_t moe = 0;
  for (const checkpoint::LayerTensors &layer : model.layers)
    moe += layer.kind == checkpoint::LayerKind::Moe;
  report.model = fmt::format("{}, {} layers ({} MoE), hidden size {}",
                             c.modelType, c.numHiddenLayers, moe, c.hiddenSize);
  report.shards = model.checkpoint.shards.size();
  report.notes = model.notes;
  report.details = model.details;
  if (model.hasMtp)
    report.notes.push_back("the MTP layer was checked; it is not compiled yet");
}

} // namespace

Result<CompileReport> compile(const CompileOptions &given,
                              const PhaseCallback &onPhase) {
  CompileReport report;
  DS_ASSIGN(Levels levels, levelsOf(given.target));
  for (const kernels::LevelInfo *level : levels)
    report.levels.emplace_back(level->name);
  CompileOptions options = given;
  options.target.levels = report.levels; // best first
  if (options.mla == MLAForm::ByPhase)
    options.mla = usualForm(levels);
  // What is missing is told before any work is done.
  std::optional<UnitCompiler> compiler;
  if (needsUnitCompiler(options)) {
    DS_ASSIGN(compiler,
              UnitCompiler::find(options.target.kind, options.tools));
  }
  onPhase("read config and headers");
  DS_ASSIGN(checkpoint::Model model,
            checkpoint::readModel(options.input, {options.strict,
                                                  options.strictFiles}));
  DS_TRY(checkOptions(options, model.config));
  if (options.activations == Activations::OfTarget &&
      !hasFP8(options, model.config))
    options.activations = Activations::Rows; // there is nothing to quantise for
  DS_TRY(checkOutput(options, model));
  // Every file that can be wrong is read before the long phases begin.
  SideFiles side;
  if (!options.stopAfter) {
    onPhase("tokenizer and chat format");
    DS_ASSIGN(side, readSideFiles(options, model));
  }
  if (options.checkWeights || options.bundle) {
    onPhase("check weights");
    DS_TRY(checkpoint::checkWeights(model, {options.allowNonfinite}));
  }
  std::optional<WeightQuantizer> quantizer;
  if (options.quantizeWeights) {
    DS_ASSIGN(quantizer, WeightQuantizer::plan(model));
  }
  describeModel(report, model);
  if (options.mla == MLAForm::Absorbed && given.mla != options.mla)
    report.notes.push_back("attention is absorbed in prefill too: the target "
                           "has no kernel of the expanded form");
  if (options.context == 0)
    options.context =
        std::min(model.config.maxPositionEmbeddings, kDefaultContext);
  report.context = options.context;

  mlir::DialectRegistry registry;
  registerEverything(registry);
  mlir::MLIRContext context(registry, mlir::MLIRContext::Threading::DISABLED);
  context.loadAllAvailableDialects();
  mlir::OwningOpRef<mlir::ModuleOp> module;
  for (Stage stage :
       {Stage::import, Stage::model, Stage::kernel, Stage::plan}) {
    onPhase(fmt::format("stage {}", nameOf(stage)));
    if (stage == Stage::import)
      module =
          importModel(context, model, {options.tapHidden, options.tapExperts});
    else
      DS_TRY(runStage(*module, stage, options));
    if (options.stopAfter == stage) {
      DS_TRY(writeText(textOf(*module), options.output, report));
      return report;
    }
  }

  onPhase("machine code");
  DS_ASSIGN(std::vector<LevelKernels> kernels, kernelsOf(*module, levels));
  describeKernels(report, kernels);
  if (options.emission != Emission::IR) {
    DS_ASSIGN(std::string code, emitCode(kernels.front(), options.emission, compiler));
    DS_TRY(writeText(std::move(code), options.output, report));
    return report;
  }
  DS_ASSIGN(std::vector<CompiledImage> images,
            compileImages(kernels, options.target.kind, compiler));
  if (options.stopAfter == Stage::code) {
    DS_TRY(writeText(textOf(*module), options.output, report));
    return report;
  }

  rt::TemporaryOutput output(options.output);
  DS_TRY(output.lock());
  rt::Companion quantized;
  if (quantizer) {
    onPhase("quantize weights");
    DS_TRY(quantizer->write(model, options.output, options.bundle, quantized));
  }

  onPhase("write and verify");
  EmitInputs inputs{.model = model, .images = images};
  if (side.generation)
    report.notes.insert(report.notes.end(), side.generation->notes.begin(),
                        side.generation->notes.end());
  report.hasTokenizer = side.tokenizer.has_value();
  report.chatFormat =
      side.format + (side.reason.empty() ? "" : " (" + side.reason + ")");
  inputs.generation = std::move(side.generation);
  inputs.bundle = options.bundle;
  inputs.digestWeights = options.checkWeights;
  inputs.compiler = options.compiler;
  if (compiler)
    inputs.compiler += ", " + compiler->name();
  inputs.options = optionsText(options, report.context);
  inputs.context = report.context;
  if (!options.bundle) { // which needs no folder
    DS_ASSIGN(inputs.weightsFolder,
              relativeWeights(model.checkpoint.folder, options.output));
  }
  if (side.tokenizer)
    inputs.tokenizer = *side.tokenizer;
  if (side.chat) {
    auto *bytes = reinterpret_cast<const uint8_t *>(&*side.chat);
    inputs.chat.assign(bytes, bytes + sizeof *side.chat);
  }
  DS_ASSIGN(EmittedPlan plan, emitPlan(*module, inputs));
  DS_TRY(checkpoint::verifyUnchanged(model.checkpoint));
  DS_TRY(rt::writeAtomically(output, plan.bytes, plan.data.get()));
  report.planBytes = plan.bytes.size() + (plan.data ? plan.data->size() : 0);
  report.bundled = options.bundle;
  report.budget = plan.budget;
  report.bytesOfShards = std::move(plan.bytesOfShards);
  report.tensors = plan.tensors;
  return report;
}

} // namespace ds
