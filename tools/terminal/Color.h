// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// When text is coloured, and how.
#pragma once
#include "runtime/base/Status.h"
#include <optional>
#include <string>
#include <string_view>

namespace ds::terminal {

enum class ColorChoice { Auto, Always, Never };
/// "auto", "always", "never".
std::optional<ColorChoice> colorChoice(std::string_view word);

/// Whether what goes to the descriptor is coloured: as chosen; else never with
/// NO_COLOR (not empty), always with CLICOLOR_FORCE or FORCE_COLOR (neither
/// empty nor 0), never with TERM=dumb, else on a terminal.
bool usesColor(ColorChoice choice, int descriptor);
/// Whether a line there can be drawn again: a terminal that moves its cursor.
bool canRedraw(int descriptor);
/// Columns of the terminal, 80 where they are not known.
unsigned columns(int descriptor);

enum class Style { Bold, Dim, Red, Green, Yellow, Cyan };
/// The text between the codes of the style; as it is without colour.
std::string styled(std::string_view text, Style style, bool color);

/// Status::text() with its marks ("error[E100]:", "note:", "help:") coloured.
std::string statusText(const Status &status, std::string_view tool, bool color);

} // namespace ds::terminal
