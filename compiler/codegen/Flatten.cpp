// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/codegen/Flatten.h"
#include <llvm/ADT/DenseMap.h>
#include <llvm/ADT/STLExtras.h>
#include <llvm/ADT/SmallString.h>
#include <llvm/ADT/StringMap.h>
#include <llvm/BinaryFormat/ELF.h>
#include <llvm/Object/ELFObjectFile.h>
#include <llvm/Support/Endian.h>
#include <llvm/Support/MathExtras.h>

using namespace llvm;
using namespace llvm::object;

namespace ds {
namespace {

/// Where one section of the object lies in the image.
struct Placed {
  ELFSectionRef section;
  uint64_t offset = 0; // bytes in the image
};

class Layout {
public:
  explicit Layout(const ELF64LEObjectFile &object) : object_(object) {}

  Error collect(ArrayRef<std::string> functions);
  void place();
  Error resolve();
  FlatImage take(ArrayRef<std::string> functions);

private:
  Error reach(ELFSectionRef section);
  Error follow(ELFSectionRef section);
  Error patch(const Placed &placed, ELFRelocationRef relocation);
  Expected<ELFSectionRef> definedIn(const SymbolRef &symbol);
  std::string describe(ELFSectionRef section, ELFRelocationRef relocation);

  const ELF64LEObjectFile &object_;
  DenseMap<uint64_t, ELFSectionRef> relocationsOf_; // by target section
  DenseMap<uint64_t, uint64_t> offsetOf_;           // by section
  StringMap<ELFSymbolRef> symbols_;
  std::vector<Placed> text_, rodata_;
  SmallVector<ELFSectionRef> pending_;
  FlatImage image_;
};

template <class Ref>
std::string nameOf(const Ref &ref) {
  Expected<StringRef> name = ref.getName();
  if (name)
    return name->str();
  consumeError(name.takeError());
  return "?";
}

std::string Layout::describe(ELFSectionRef section, ELFRelocationRef r) {
  SmallString<32> type;
  r.getTypeName(type);
  std::string symbol = r.getSymbol() == object_.symbol_end()
                           ? "no symbol"
                           : "'" + nameOf(*r.getSymbol()) + "'";
  return (type + " against " + symbol + " at " + nameOf(section) + "+" +
          Twine(r.getOffset()))
      .str();
}

Expected<ELFSectionRef> Layout::definedIn(const SymbolRef &symbol) {
  Expected<section_iterator> section = symbol.getSection();
  if (!section)
    return section.takeError();
  if (*section == object_.section_end())
    return createStringError("the symbol is not defined");
  return ELFSectionRef(**section);
}

Error Layout::reach(ELFSectionRef section) {
  if (!offsetOf_.insert({section.getIndex(), 0}).second)
    return Error::success();
  uint64_t flags = section.getFlags();
  auto refuse = [&](const char *why) {
    return createStringError("section " + Twine(nameOf(section)) + " " + why);
  };
  if (flags & ELF::SHF_TLS)
    return refuse("is thread-local");
  if (flags & ELF::SHF_WRITE)
    return refuse("is writable");
  if (!(flags & ELF::SHF_ALLOC) || section.getType() != ELF::SHT_PROGBITS)
    return refuse("is not loaded");
  (flags & ELF::SHF_EXECINSTR ? text_ : rodata_).push_back({section});
  pending_.push_back(section);
  return Error::success();
}

Error Layout::follow(ELFSectionRef section) {
  auto found = relocationsOf_.find(section.getIndex());
  if (found == relocationsOf_.end())
    return Error::success();
  for (ELFRelocationRef r : found->second.relocations()) {
    if (r.getSymbol() == object_.symbol_end())
      return createStringError(describe(section, r));
    Expected<ELFSectionRef> target = definedIn(*r.getSymbol());
    Error error = target ? reach(*target) : target.takeError();
    if (error)
      return createStringError(describe(section, r) + ": " +
                               toString(std::move(error)));
  }
  return Error::success();
}

Error Layout::collect(ArrayRef<std::string> functions) {
  for (ELFSectionRef s : object_.sections()) {
    Expected<section_iterator> target = s.getRelocatedSection();
    if (!target)
      return target.takeError();
    if (*target != object_.section_end())
      relocationsOf_.insert({(*target)->getIndex(), s});
  }
  for (const ELFSymbolRef &symbol : object_.symbols())
    symbols_.insert({nameOf(symbol), symbol});
  for (const std::string &name : functions) {
    auto found = symbols_.find(name);
    if (found == symbols_.end())
      return createStringError("no function " + name);
    Expected<ELFSectionRef> section = definedIn(found->second);
    if (!section)
      return section.takeError();
    if (Error error = reach(*section))
      return error;
  }
  while (!pending_.empty())
    if (Error error = follow(pending_.pop_back_val()))
      return error;
  return Error::success();
}

void Layout::place() {
  uint64_t offset = 0;
  auto placeAll = [&](std::vector<Placed> &sections) {
    for (Placed &p : sections) {
      offset = alignTo(offset, p.section.getAlignment());
      p.offset = offsetOf_[p.section.getIndex()] = offset;
      offset += p.section.getSize();
    }
  };
  placeAll(text_);
  image_.textSize = uint32_t(offset);
  offset = alignTo(offset, kImagePage);
  image_.rodataOffset = uint32_t(offset);
  placeAll(rodata_);
  image_.bytes.resize(offset);
}

Error Layout::patch(const Placed &placed, ELFRelocationRef r) {
  Expected<int64_t> addend = r.getAddend();
  if (!addend)
    return addend.takeError();
  Expected<uint64_t> inSection = r.getSymbol()->getValue();
  if (!inSection)
    return inSection.takeError();
  Expected<ELFSectionRef> target = definedIn(*r.getSymbol());
  if (!target)
    return target.takeError();
  uint64_t at = placed.offset + r.getOffset();
  int64_t distance = int64_t(offsetOf_[target->getIndex()] + *inSection) +
                     *addend - int64_t(at);
  uint64_t width = r.getType() == ELF::R_X86_64_PC64 ? 8 : 4;
  auto refuse = [&](const char *why) {
    return createStringError(describe(placed.section, r) + ": " + why);
  };
  if (r.getOffset() + width > placed.section.getSize())
    return refuse("past the end of its section");
  uint8_t *to = image_.bytes.data() + at;
  switch (r.getType()) {
  case ELF::R_X86_64_PC64:
    support::endian::write64le(to, uint64_t(distance));
    return Error::success();
  case ELF::R_X86_64_PC32:
  case ELF::R_X86_64_PLT32:
    if (!isInt<32>(distance))
      return refuse("too far");
    support::endian::write32le(to, uint32_t(distance));
    return Error::success();
  default:
    return refuse("not relative to the code");
  }
}

Error Layout::resolve() {
  for (const std::vector<Placed> *group : {&text_, &rodata_})
    for (const Placed &p : *group) {
      Expected<StringRef> contents = p.section.getContents();
      if (!contents)
        return contents.takeError();
      llvm::copy(*contents, image_.bytes.begin() + int64_t(p.offset));
      auto found = relocationsOf_.find(p.section.getIndex());
      if (found == relocationsOf_.end())
        continue;
      for (ELFRelocationRef r : found->second.relocations())
        if (Error error = patch(p, r))
          return error;
    }
  return Error::success();
}

FlatImage Layout::take(ArrayRef<std::string> functions) {
  for (const std::string &name : functions) {
    const ELFSymbolRef &symbol = symbols_.find(name)->second;
    ELFSectionRef section = cantFail(definedIn(symbol));
    image_.entries.push_back(
        uint32_t(offsetOf_[section.getIndex()] + cantFail(symbol.getValue())));
  }
  return std::move(image_);
}

} // namespace

Expected<FlatImage> flatten(MemoryBufferRef object,
                            ArrayRef<std::string> functions) {
  Expected<std::unique_ptr<ObjectFile>> file =
      ObjectFile::createELFObjectFile(object);
  if (!file)
    return file.takeError();
  auto *elf = dyn_cast<ELF64LEObjectFile>(file->get());
  if (!elf || elf->getArch() != Triple::x86_64)
    return createStringError("not an x86-64 object");
  Layout layout(*elf);
  if (Error error = layout.collect(functions))
    return error;
  layout.place();
  if (Error error = layout.resolve())
    return error;
  return layout.take(functions);
}

} // namespace ds
