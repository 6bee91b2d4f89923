// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Runs a plan: prompts in, answers out.
#include "runtime/exec/Generator.h"
#include "tools/dsrun/Chat.h"
#include "tools/dsrun/DumpWriter.h"
#include "tools/dsrun/Emulation.h"
#include "tools/dsrun/Interrupt.h"
#include "tools/dsrun/Options.h"
#include "tools/dsrun/Perplexity.h"
#include "tools/dsrun/PrefillProgress.h"
#include "tools/dsrun/Printers.h"
#include "tools/dsrun/Prompts.h"
#include <cstdio>
#include <memory>
#include <unistd.h>

using namespace ds;
using namespace ds::dsrun;

namespace {

bool colors(const Options &options, int descriptor) {
  return terminal::usesColor(
      options.color.value_or(terminal::ColorChoice::Auto), descriptor);
}

void printSession(const rt::Session &session) {
  rt::MemoryUse use = session.memoryUse();
  const rt::Device *device = session.device();
  std::string where = device ? device->place() + " (" + device->name() + ")"
                             : std::to_string(session.threads()) + " threads";
  std::fprintf(stderr,
               "code of level %.*s, %s, prompts in runs of %u tokens; "
               "bytes: state %llu, scratch %llu, host %llu, workspace %llu\n",
               int(session.level().size()), session.level().data(),
               where.c_str(), session.chunk(),
               static_cast<unsigned long long>(use.state),
               static_cast<unsigned long long>(use.scratch),
               static_cast<unsigned long long>(use.host),
               static_cast<unsigned long long>(use.workspace));
  for (const rt::SectionEntry &entry : session.plan().table())
    if (std::string_view tag(entry.tag, sizeof entry.tag);
        !rt::sectionOfTag(tag))
      std::fprintf(stderr, "note: section %s is not known here, and skipped\n",
                   printable(tag).c_str());
}

/// The model's own parameters, under those of the command line.
rt::SamplingParameters sampling(const rt::ModelRecord &model,
                                const Options &options) {
  rt::SamplingParameters result;
  bool isGreedy = options.greedy || (!model.doSample && !options.temperature);
  result.temperature =
      isGreedy ? 0 : options.temperature.value_or(model.temperature);
  result.topK = options.topK.value_or(model.topK);
  result.topP = options.topP.value_or(model.topP);
  result.minP = options.minP.value_or(model.minP);
  result.repetitionPenalty =
      options.repetitionPenalty.value_or(model.repetitionPenalty);
  result.frequencyPenalty = options.frequencyPenalty.value_or(0);
  result.presencePenalty = options.presencePenalty.value_or(0);
  result.seed = options.seed.value_or(0);
  return result;
}

/// What all requests share.
rt::Request requestForm(const rt::ModelRecord &model, const Options &options) {
  rt::Request form;
  form.sampling = sampling(model, options);
  form.maxNewTokens = options.maxNewTokens.value_or(rt::kNone);
  form.logprobs = options.logprobs;
  if (!options.ignoreEos)
    form.stops.assign(model.eosTokens, model.eosTokens + model.eosCount);
  return form;
}

/// What of the options applies here; says so where it is less than asked for.
rt::SessionOptions sessionOptions(const rt::ModelRecord &model,
                                  const Options &options) {
  auto atMost = [&](uint32_t wanted, uint32_t limit, const char *option,
                    const char *subject) {
    if (wanted > limit && !options.quiet)
      std::fprintf(stderr, "note: %s %u: %s %u\n", option, wanted, subject,
                   limit);
    return std::min(wanted, limit);
  };
  return {.threads = atMost(options.threads.value_or(0), rt::allowedCPUs(),
                            "--threads", "CPUs this process may use:"),
          .chunk = atMost(options.chunk.value_or(0), model.chunk, "--chunk",
                          "the plan's largest chunk is"),
          .weightsFolder = options.weights.value_or(""),
          .level = options.cpu.value_or(""),
          .verifyWeights = options.verify.has_value(),
          .features = nullptr,
          .device = options.device.value_or(0),
          .emulation = makeEmulation()};
}

/// Says which options mean nothing to the plan's code.
void noteUnused(rt::LevelKind kind, const Options &options) {
  if (options.device && kind != rt::LevelKind::CUDA)
    std::fprintf(stderr, "note: --device %u: the plan is not for a GPU\n",
                 *options.device);
  if (options.threads && kind == rt::LevelKind::CUDA)
    std::fprintf(stderr, "note: --threads %u: the plan is for a GPU\n",
                 *options.threads);
}

/// A bar for weights that go to a device. A signal ends the program between two
/// of them: nothing has been written by then.
rt::UploadProgress uploadProgress(bool isQuiet) {
  auto bar = std::make_shared<terminal::ProgressBar>("dsrun");
  return [bar, isQuiet](uint64_t done, uint64_t total) {
    if (done == total || Interrupt::flag())
      bar->erase();
    if (Interrupt::flag())
      ::_exit(128 + Interrupt::signal());
    if (isQuiet || done == total)
      return;
    bar->show("weights to the device", double(done) / double(total));
  };
}

Status answer(rt::Generator &generator, std::span<const rt::Request> requests,
              const TextPart *text, const Options &options) {
  std::unique_ptr<rt::GenerationListener> printer;
  bool isBatch = options.batchFile.has_value();
  if (!isBatch && !options.json && text)
    printer =
        std::make_unique<StreamPrinter>(*text, colors(options, STDOUT_FILENO));
  else
    printer = std::make_unique<LinePrinter>(requests, text,
                                            options.json ? LineForm::Json
                                            : text       ? LineForm::Text
                                                         : LineForm::Ids,
                                            isBatch);
  PrefillProgress progress(*printer, generator.chunk(), options.quiet);
  DS_ASSIGN(std::vector<rt::Completion> completions,
            generator.run(requests, &progress, &Interrupt::flag()));
  if (!options.quiet)
    printSpeed(generator.stats());
  Status status;
  for (size_t i = 0; i < completions.size(); ++i)
    for (Error failure : completions[i].failure.errors()) {
      if (isBatch)
        failure.where = "prompt " + std::to_string(i) + ", " + failure.where;
      status.add(std::move(failure));
    }
  return status;
}

/// Every file that this run reads.
std::vector<std::string> inputFiles(const rt::PlanFile &plan,
                                    const Options &options) {
  std::vector<std::string> files = {plan.path()};
  if (options.promptFile)
    files.push_back(*options.promptFile);
  std::string folder = options.weights.value_or(plan.weightsFolder());
  for (const rt::ShardRecord &shard : plan.view().shards)
    files.push_back((shard.place == rt::ShardPlace::BesidePlan
                         ? plan.ownFolder()
                         : folder) +
                    "/" + std::string(plan.view().string(shard.name)));
  return files;
}

/// dsrun ppl.
Status measure(rt::Session &session, const Options &options,
               std::span<const std::vector<uint32_t>> texts) {
  std::unique_ptr<rt::PlanFile> otherPlan;
  std::unique_ptr<rt::Session> other;
  uint32_t window = session.model().context;
  if (options.against) {
    DS_ASSIGN(rt::PlanFile opened, rt::PlanFile::open(*options.against));
    otherPlan = std::make_unique<rt::PlanFile>(std::move(opened));
    const rt::ModelRecord &model = otherPlan->view().model[0];
    if (model.realTokens != session.model().realTokens)
      return Error{.code = ErrorCode::UsageError,
                   .subject = "--against " + *options.against + ": tokens",
                   .found = std::to_string(model.realTokens),
                   .expected = std::to_string(session.model().realTokens) +
                               ", as in " + options.plan};
    window = std::min(window, model.context);
    rt::SessionOptions same = sessionOptions(model, options);
    same.weightsFolder.clear(); // --weights is the first plan's
    same.onUpload = uploadProgress(options.quiet);
    DS_ASSIGN(other, rt::Session::create(*otherPlan, same));
  }
  if (options.window.value_or(0) > window)
    return Error{.code = ErrorCode::UsageError,
                 .subject = "--window",
                 .found = std::to_string(*options.window),
                 .expected = "at most the context, " + std::to_string(window)};
  DS_ASSIGN(
      TextQuality quality,
      measureText({&session, options.plan},
                  {other.get(), options.against.value_or("")}, texts,
                  options.promptFile.value_or(options.batchFile.value_or("")),
                  options.window.value_or(window), Interrupt::flag()));
  if (!Interrupt::flag())
    print(qualityText(quality, bool(other), options.json));
  return {};
}

Status run(const Options &options) {
  DS_ASSIGN(rt::PlanFile plan, rt::PlanFile::open(options.plan));
  if (options.dumpFile)
    DS_TRY(checkDumpPlace(*options.dumpFile, inputFiles(plan, options)));
  const rt::ModelRecord &model = plan.view().model[0];
  rt::Request form = requestForm(model, options);
  DS_TRY(form.sampling.check());
  std::unique_ptr<TextPart> text;
  bool spellsIds = options.tokenize && options.json;
  if (options.chat || !options.stops.empty() || spellsIds) {
    bool raw = options.raw || options.ids.has_value();
    DS_ASSIGN(text, TextPart::open(plan.view(), raw));
    DS_TRY(text->setStops(options.stops));
    form.stopStrings = text->stops();
  }
  DS_ASSIGN(std::vector<std::vector<uint32_t>> prompts,
            readPrompts(options, plan.view(), text));
  if (Interrupt::flag())
    return {};
  if (options.tokenize) {
    printPrompts(prompts, text.get(), options.json,
                 options.batchFile.has_value());
    return {};
  }
  if (!options.quiet)
    noteUnused(plan.view().levels[0].kind, options);
  rt::SessionOptions forSession = sessionOptions(model, options);
  forSession.onUpload = uploadProgress(options.quiet);
  DS_ASSIGN(std::unique_ptr<rt::Session> session,
            rt::Session::create(plan, forSession));
  if (options.verbose)
    printSession(*session);
  if (options.ppl)
    return measure(*session, options, prompts);
  rt::Generator generator(*session);
  if (options.chat)
    return chat(generator, *text, options.system ? &*options.system : nullptr,
                form,
                {.quiet = options.quiet,
                 .dims = colors(options, STDOUT_FILENO),
                 .colors = colors(options, STDERR_FILENO)});
  std::vector<rt::Request> requests(prompts.size(), form);
  for (size_t i = 0; i < prompts.size(); ++i)
    requests[i].prompt = std::move(prompts[i]);
  if (options.dumpFile) {
    DS_TRY(generator.check(requests));
    DS_TRY(writeDump(*session, requests[0].prompt, *options.dumpFile,
                     Interrupt::flag()));
    if (!options.maxNewTokens)
      return {};
  }
  return answer(generator, requests, text.get(), options);
}

} // namespace

int main(int argc, char **argv) {
  terminal::prepareStreams();
  Interrupt::install();
  Result<CommandLine> line = parseCommandLine(argc, argv);
  Status status;
  if (!line)
    status = line.takeStatus();
  else if (!line->answer.empty())
    print(line->answer);
  else
    status = run(line->options);
  status.add(outputStatus());
  bool isColored = colors(line ? line->options : Options(), STDERR_FILENO);
  std::fputs(terminal::statusText(status, "dsrun", isColored).c_str(), stderr);
  if (status && Interrupt::signal())
    return 128 + Interrupt::signal();
  // The driver of a GPU that hangs would not let the program end.
  if (status.exit() == Exit::Device)
    ::_exit(int(status.exit()));
  return int(status.exit());
}
