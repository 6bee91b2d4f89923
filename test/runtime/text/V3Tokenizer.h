// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The compiled tokenizer of DeepSeek V3, and lines of JSON from test/data.
#pragma once
#include "runtime/plan/ChatRecord.h"
#include "runtime/text/Tokenizer.h"
#include <functional>
#include <nlohmann/json.hpp>

namespace ds::rt {

/// Compiled once per process.
const std::vector<uint8_t> &v3Section();
const Tokenizer &v3Tokenizer();

/// Control ids of DeepSeek V3 under a format.
ChatRecord v3Chat(ChatFormat format);

/// Calls back for each line of DS_TEST_DATA/NAME; returns how many there were.
size_t forEachLine(const std::string &name,
                   const std::function<void(const nlohmann::json &)> &line);

} // namespace ds::rt
