// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a chat template ends a prompt with, found without running it.
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace ds {

/// The text that a Jinja template appends for add_generation_prompt: the
/// literals inside the last `{% if … add_generation_prompt … %}`. Nullopt where
/// that is not plainly so: no such block, a branch or a variable inside it,
/// anything but white space after it, an expression that names `thinking`, or a
/// tag that does not end.
std::optional<std::string> templateEnding(std::string_view text);

} // namespace ds
