// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What somebody meant who wrote a word that is not known.
#pragma once
#include "runtime/base/Status.h"
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ds::options {

/// Letters to insert, remove, replace, or swap with a neighbour that make `a`
/// of `b` (optimal string alignment).
size_t editDistance(std::string_view a, std::string_view b);

/// The known word that is nearest to `given`, the first among equals; empty
/// where none is near: a third of the letters may differ, and a beginning of
/// three letters or more will do.
std::string nearMiss(std::string_view given,
                     std::span<const std::string> known);

/// "did you mean X?" for Error::help; empty where nothing is near.
std::string suggestion(std::string_view given,
                       std::span<const std::string> known);

/// `--chnuk: unknown option`, with the spelling that was meant. `flags` as in
/// the tables: "-o,--output".
Error unknownOption(std::string_view given,
                    std::span<const std::string_view> flags);

/// "-o", "--output" of "-o,--output".
std::vector<std::string> spellings(std::string_view flags);

} // namespace ds::options
