// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/base/Sha256.h"
#include "runtime/plan/VerifyParts.h"
#include <algorithm>
#include <cstring>
#include <elf.h>
#include <vector>

namespace ds::rt {
namespace {

/// What a body asks of each of its calls. Every value is the first that is too
/// large; 2^32 where nothing is asked.
struct BodyLimits {
  uint64_t layers = uint64_t(1) << 32, ordinals = uint64_t(1) << 32;
};

class Program {
public:
  Program(const PlanView &plan, const Refusal &refuse)
      : plan_(plan), refuse_(refuse) {}

  Status verify() {
    DS_TRY(images());
    DS_TRY(kernels());
    DS_TRY(steps());
    DS_TRY(bodies());
    DS_TRY(calls());
    return entries();
  }

private:
  Status images() {
    uint64_t end = 0;
    for (size_t i = 0; i < plan_.images.size(); ++i) {
      const ImageRecord &image = plan_.images[i];
      std::string name = nameOfRecord("image", i);
      if (image.offset != alignUp(end, kPage) ||
          !fits(image.offset, image.size, plan_.code.size()))
        return refuse_(ErrorCode::PlanImage, name,
                       "bytes " + std::to_string(image.offset) + " + " +
                           std::to_string(image.size),
                       "from " + std::to_string(alignUp(end, kPage)) +
                           " on, an end within " +
                           std::to_string(plan_.code.size()));
      end = image.offset + image.size;
      DS_TRY(plan_.isForGPU() ? elfImage(image, name) : textImage(image, name));
      Sha256 sha;
      sha.update(plan_.code.data() + image.offset, image.size);
      if (!std::ranges::equal(sha.finish(), image.digest))
        return refuse_(ErrorCode::PlanImage, name + ": digest does not match");
    }
    if (end != plan_.code.size())
      return refuse_.number(ErrorCode::PlanImage, "end of the last image", end,
                            std::to_string(plan_.code.size()));
    return {};
  }

  Status textImage(const ImageRecord &image, const std::string &name) {
    if (image.textSize && image.textSize <= image.size &&
        image.textSize <= image.rodataOffset &&
        image.rodataOffset % kPage == 0 &&
        image.rodataOffset <= alignUp(image.size, kPage))
      return {};
    return refuse_(ErrorCode::PlanImage, name,
                   "text " + std::to_string(image.textSize) + " rodata at " +
                       std::to_string(image.rodataOffset),
                   "text, then rodata at a page of " +
                       std::to_string(image.size) + " bytes");
  }

  /// A cubin or a shared object, whose inside the loader reads.
  Status elfImage(const ImageRecord &image, const std::string &name) {
    if (image.textSize || image.rodataOffset)
      return refuse_(ErrorCode::PlanImage,
                     name + ": an ELF file has no text and rodata here");
    std::span<const uint8_t> bytes =
        plan_.code.subspan(image.offset, image.size);
    Elf64_Ehdr elf{};
    if (bytes.size() >= sizeof elf)
      std::memcpy(&elf, bytes.data(), sizeof elf);
    bool isCUDA = plan_.levels[0].kind == LevelKind::CUDA;
    bool isElf = std::memcmp(elf.e_ident, ELFMAG, SELFMAG) == 0 &&
                 elf.e_ident[EI_CLASS] == ELFCLASS64 &&
                 elf.e_ident[EI_DATA] == ELFDATA2LSB;
    if (!isElf || (isCUDA ? elf.e_machine != EM_CUDA
                          : elf.e_machine != EM_X86_64 || elf.e_type != ET_DYN))
      return refuse_(ErrorCode::PlanImage, name,
                     isElf ? "type " + std::to_string(elf.e_type) +
                                 " machine " + std::to_string(elf.e_machine)
                           : std::to_string(image.size) +
                                 " bytes that are no 64-bit ELF file",
                     isCUDA ? "a cubin, machine 190"
                            : "a shared object, type 3, machine 62");
    if (!isWhole(bytes, elf))
      return refuse_(ErrorCode::PlanImage,
                     name + ": a part of the ELF file lies beyond its end");
    return {};
  }

  /// Headers and segments, which loaders map unseen, lie within the file.
  static bool isWhole(std::span<const uint8_t> bytes, const Elf64_Ehdr &elf) {
    if ((elf.e_phnum && elf.e_phentsize != sizeof(Elf64_Phdr)) ||
        (elf.e_shnum && elf.e_shentsize != sizeof(Elf64_Shdr)) ||
        !fits(elf.e_phoff, elf.e_phnum * sizeof(Elf64_Phdr), bytes.size()) ||
        !fits(elf.e_shoff, elf.e_shnum * sizeof(Elf64_Shdr), bytes.size()))
      return false;
    for (uint32_t i = 0; i < elf.e_phnum; ++i) {
      Elf64_Phdr segment;
      std::memcpy(&segment, bytes.data() + elf.e_phoff + i * sizeof segment,
                  sizeof segment);
      if (!fits(segment.p_offset, segment.p_filesz, bytes.size()))
        return false;
    }
    for (uint32_t i = 0; i < elf.e_shnum; ++i) {
      Elf64_Shdr section;
      std::memcpy(&section, bytes.data() + elf.e_shoff + i * sizeof section,
                  sizeof section);
      if (section.sh_type != SHT_NOBITS &&
          !fits(section.sh_offset, section.sh_size, bytes.size()))
        return false;
    }
    return true;
  }

  Status kernels() {
    if (plan_.kernels.size() % plan_.levels.size())
      return refuse_.number(
          ErrorCode::PlanKernel, "kernels", plan_.kernels.size(),
          "a multiple of the levels, " + std::to_string(plan_.levels.size()));
    for (size_t i = 0; i < plan_.kernels.size(); ++i) {
      const KernelRecord &kernel = plan_.kernels[i];
      std::string name = nameOfRecord("kernel", i);
      for (StringRef at : {kernel.name, kernel.shape})
        if (uint32_t(at) >= plan_.strings.size())
          return refuse_.number(
              ErrorCode::PlanKernel, name + ": string", uint32_t(at),
              "below " + std::to_string(plan_.strings.size()));
      uint32_t image = plan_.levels[i / plan_.kernelsPerLevel()].image;
      if (kernel.image != image)
        return refuse_.number(ErrorCode::PlanKernel, name + ": image",
                              kernel.image,
                              std::to_string(image) + ", that of its level");
      if (plan_.isForGPU() ? kernel.run || kernel.tiles : kernel.launches)
        return refuse_(ErrorCode::PlanKernel,
                       name + (plan_.isForGPU()
                                   ? ": a kernel for GPUs has launches only"
                                   : ": a kernel for CPUs has no launches"));
      for (uint32_t entry : {kernel.run, kernel.tiles})
        if (!plan_.isForGPU() && entry >= plan_.images[image].textSize)
          return refuse_.number(
              ErrorCode::PlanKernel, name + ": entry", entry,
              "below " + std::to_string(plan_.images[image].textSize) +
                  ", inside the image's text");
      if (kernel.reserved)
        return refuse_(ErrorCode::PlanKernel, name + ": reserved is not zero");
    }
    return {};
  }

  Status steps() {
    Slices slices(plan_.arguments.size(), ErrorCode::PlanStep, "arguments",
                  refuse_);
    for (size_t i = 0; i < plan_.steps.size(); ++i) {
      const StepRecord &step = plan_.steps[i];
      std::string name = nameOfRecord("step", i);
      if (step.kernel >= plan_.kernelsPerLevel())
        return refuse_.number(
            ErrorCode::PlanStep, name + ": kernel", step.kernel,
            "below " + std::to_string(plan_.kernelsPerLevel()));
      if (step.flags & ~kStepBarrier)
        return refuse_.number(ErrorCode::PlanStep, name + ": flags", step.flags,
                              "0 or 1");
      DS_TRY(slices.next(name, step.firstArgument, step.arguments));
      for (uint32_t a = 0; a < step.arguments; ++a)
        DS_TRY(argument(plan_.arguments[step.firstArgument + a],
                        name + " argument " + std::to_string(a)));
    }
    return slices.end();
  }

  Status argument(const ArgRecord &argument, const std::string &name) {
    if (argument.kind > ArgKind::State)
      return refuse_.number(ErrorCode::PlanArgument, name + ": kind",
                            uint32_t(argument.kind), "0 to 5");
    bool isSlot =
        argument.kind == ArgKind::Slot || argument.kind == ArgKind::SlotList;
    if (!argument.access || argument.access > (kAccessRead | kAccessWrite) ||
        (isSlot && argument.access != kAccessRead))
      return refuse_.number(ErrorCode::PlanArgument, name + ": access",
                            argument.access, isSlot ? "1" : "1 to 3");
    if (argument.reserved)
      return refuse_(ErrorCode::PlanArgument, name + ": reserved is not zero");
    if (isSlot) // bounded by the body, see bodies()
      return {};
    size_t end = argument.kind == ArgKind::State ? plan_.states.size()
                                                 : plan_.buffers.size();
    if (argument.index >= end)
      return refuse_.number(ErrorCode::PlanArgument, name + ": index",
                            argument.index, "below " + std::to_string(end));
    if ((argument.kind == ArgKind::BufferOfLayer ||
         argument.kind == ArgKind::BufferOfOrdinal) &&
        !plan_.buffers[argument.index].layerStride)
      return refuse_(ErrorCode::PlanArgument,
                     name + ": buffer " + std::to_string(argument.index) +
                         " has no slices of layers");
    return {};
  }

  Status bodies() {
    Slices slices(plan_.steps.size(), ErrorCode::PlanBody, "steps", refuse_);
    limits_.resize(plan_.bodies.size());
    for (size_t i = 0; i < plan_.bodies.size(); ++i) {
      const BodyRecord &body = plan_.bodies[i];
      std::string name = nameOfRecord("body", i);
      if (uint32_t(body.name) >= plan_.strings.size())
        return refuse_.number(ErrorCode::PlanBody, name + ": string",
                              uint32_t(body.name),
                              "below " + std::to_string(plan_.strings.size()));
      DS_TRY(slices.next(name, body.firstStep, body.steps));
      for (uint32_t s = 0; s < body.steps; ++s) {
        const StepRecord &step = plan_.steps[body.firstStep + s];
        for (const ArgRecord &argument :
             plan_.arguments.subspan(step.firstArgument, step.arguments))
          DS_TRY(bind(argument, body, limits_[i],
                      nameOfRecord("step", body.firstStep + s)));
      }
    }
    return slices.end();
  }

  /// Checks what depends on the body, and collects what it asks of calls.
  Status bind(const ArgRecord &argument, const BodyRecord &body,
              BodyLimits &limits, const std::string &name) {
    switch (argument.kind) {
    case ArgKind::Buffer:
      return {};
    case ArgKind::BufferOfLayer:
      limits.layers = std::min(limits.layers, slicesOf(argument.index));
      return {};
    case ArgKind::BufferOfOrdinal:
      limits.ordinals = std::min(limits.ordinals, slicesOf(argument.index));
      return {};
    case ArgKind::Slot:
    case ArgKind::SlotList:
      if (argument.index >= body.slots)
        return refuse_.number(ErrorCode::PlanArgument, name + ": slot",
                              argument.index,
                              "below " + std::to_string(body.slots));
      return {};
    case ArgKind::State:
      limits.layers = std::min<uint64_t>(limits.layers,
                                         plan_.states[argument.index].layers);
      return {};
    }
    return {};
  }

  uint64_t slicesOf(uint32_t buffer) const {
    return plan_.buffers[buffer].size / plan_.buffers[buffer].layerStride;
  }

  Status calls() {
    for (size_t i = 0; i < plan_.calls.size(); ++i) {
      const CallRecord &call = plan_.calls[i];
      std::string name = nameOfRecord("call", i);
      auto below = [&](const char *field, uint64_t found, uint64_t end) {
        return found < end
                   ? Status()
                   : refuse_.number(ErrorCode::PlanCall, name + ": " + field,
                                    found, "below " + std::to_string(end));
      };
      DS_TRY(below("body", call.body, plan_.bodies.size()));
      DS_TRY(below("row", call.row, plan_.rows.size()));
      DS_TRY(below("layer", call.layer,
                   std::min(uint64_t(plan_.model[0].numLayers) + 1,
                            limits_[call.body].layers)));
      DS_TRY(below("ordinal", call.ordinal, limits_[call.body].ordinals));
      uint32_t needed = plan_.bodies[call.body].slots;
      if (plan_.rows[call.row].slots < needed)
        return refuse_.number(
            ErrorCode::PlanCall,
            name + ": slots of row " + std::to_string(call.row),
            plan_.rows[call.row].slots, "at least " + std::to_string(needed));
    }
    return {};
  }

  Status entries() {
    const ModelRecord &model = plan_.model[0];
    // In the order of EntryKind.
    const uint32_t rows[] = {model.chunk, model.decodeTokens, model.chunk,
                             model.headRows};
    uint32_t present = 0;
    Slices slices(plan_.calls.size(), ErrorCode::PlanEntry, "calls", refuse_);
    for (size_t i = 0; i < plan_.entries.size(); ++i) {
      const EntryRecord &entry = plan_.entries[i];
      std::string name = nameOfRecord("entry", i);
      if (entry.kind > EntryKind::Head)
        return refuse_.number(ErrorCode::PlanEntry, name + ": kind",
                              uint32_t(entry.kind), "0 to 3");
      uint32_t bit = 1u << uint32_t(entry.kind);
      if (present & bit)
        return refuse_.number(ErrorCode::PlanEntry, name + ": kind",
                              uint32_t(entry.kind), "one entry of a kind");
      present |= bit;
      uint32_t limit = rows[uint32_t(entry.kind)];
      if (entry.kind == EntryKind::Extend
              ? !entry.maxRows || entry.maxRows > limit
              : entry.maxRows != limit)
        return refuse_.number(ErrorCode::PlanEntry, name + ": most rows",
                              entry.maxRows,
                              std::to_string(limit) + ", as in the model");
      DS_TRY(slices.next(name, entry.firstCall, entry.calls));
    }
    constexpr uint32_t needed = 1u << uint32_t(EntryKind::Prefill) |
                                1u << uint32_t(EntryKind::Decode) |
                                1u << uint32_t(EntryKind::Head);
    if ((present & needed) != needed)
      return refuse_(ErrorCode::PlanEntry,
                     "prefill, decode and head are not all there");
    return slices.end();
  }

  const PlanView &plan_;
  const Refusal &refuse_;
  std::vector<BodyLimits> limits_; // by body
};

} // namespace

Status verifyProgram(const PlanView &plan, const Refusal &refuse) {
  return Program(plan, refuse).verify();
}

} // namespace ds::rt
