// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A tool's command line as rows, whichever table they come from: what manual
// pages and completion are made of.
#pragma once
#include <string>
#include <utility>
#include <vector>

namespace ds::options {

struct Option {
  std::string flags = {}; // "-o,--output"
  std::string value = {}; // what stands for the value in help; empty: a switch
  std::string help = {};
  std::vector<std::string> words = {}; // all values there are; empty: any
};

struct Command {
  std::string name = {}; // empty: the tool has no commands, this is all of it
  std::string summary = {};
  std::string operand = {}; // "PLAN", "[FOLDER]", empty
  std::string operandText = {};
  std::vector<std::string> words = {}; // all operands there are; empty: files
  // What may stand before the operand, and what it means; empty: nothing.
  std::pair<std::string, std::string> leading = {};
  std::vector<Option> options = {};
};

struct Tool {
  std::string name = {}, version = {}, summary = {};
  std::pair<std::string, std::string> twin = {}; // another name, what differs
  std::vector<Command> commands = {};
  std::vector<Option> options = {}; // of the tool itself, without a command
  std::vector<std::pair<std::string, std::string>> environment = {},
      examples = {};
};

/// Whether a value or operand of this name is a file or folder.
bool isPath(const std::string &value);
bool isFolder(const std::string &value);

} // namespace ds::options
