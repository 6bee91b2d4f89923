// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/dsc/InspectJson.h"
#include "runtime/plan/Dump.h"
#include "tools/dsc/KernelReasons.h"
#include "tools/dsc/LayerLaunches.h"
#include "tools/dsc/MemoryTable.h"
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace ds {
namespace {

using Json = nlohmann::ordered_json;
using rt::PlanView;

Json value(const PlanView &plan, rt::StringRef text) {
  return plan.string(text);
}
template <class T>
  requires std::is_arithmetic_v<T>
Json value(const PlanView &, T number) {
  return number;
}
template <class T>
  requires std::is_enum_v<T>
Json value(const PlanView &, T choice) {
  return std::string(rt::nameOf(choice));
}
/// Digests as hexadecimal digits, texts as text, the rest as an array.
template <class T, size_t n>
Json value(const PlanView &plan, const T (&items)[n]) {
  if constexpr (std::is_same_v<T, uint8_t>) {
    return fmt::format("{:02x}", fmt::join(items, ""));
  } else if constexpr (std::is_same_v<T, char>) {
    return n == 4 ? Json(std::string(items, n)) : Json("dsc plan");
  } else {
    Json array = Json::array();
    for (const T &item : items)
      array.push_back(value(plan, item));
    return array;
  }
}

template <class Record>
Json record(const PlanView &plan, const Record &fields) {
  Json object = Json::object();
  rt::visitFields(fields, [&](const char *name, const auto &field) {
    if (std::string_view(name) != "reserved")
      object[name] = value(plan, field);
  });
  return object;
}

template <class Record>
Json section(const PlanView &plan, std::span<const Record> records) {
  if constexpr (sizeof(Record) == 1) {
    return Json{{"bytes", records.size()}};
  } else if constexpr (std::is_arithmetic_v<Record>) {
    return Json(std::vector<Record>(records.begin(), records.end()));
  } else {
    Json array = Json::array();
    for (const Record &r : records)
      array.push_back(record(plan, r));
    return array;
  }
}

Json memoryTable(const PlanView &plan) {
  Json array = Json::array();
  for (const ContextMemory &row : memoryByContext(plan))
    array.push_back({{"context", row.context},
                     {"state", row.state},
                     {"total", row.total}});
  return array;
}

/// For each kernel, in the order of `kernels`, the rows it was chosen from;
/// null where this dsc cannot tell.
Json reasonTable(const PlanView &plan) {
  Json array = Json::array();
  for (size_t level = 0; level < plan.levels.size(); ++level)
    for (size_t k = 0; k < plan.kernelsPerLevel(); ++k) {
      Json rows;
      for (const RowReason &row : reasonsOf(plan, level, k))
        rows.push_back({{"row", row.row},
                        {"reason", row.reason},
                        {"microseconds", row.microseconds}});
      array.push_back(std::move(rows));
    }
  return array;
}

/// For each level for GPUs and each body: what is launched.
Json launchTable(const PlanView &plan) {
  Json array = Json::array();
  for (size_t level = 0; level < plan.levels.size(); ++level)
    for (const BodyLaunches &of : bodyLaunches(plan, level)) {
      Json symbols = Json::array();
      for (const rt::LaunchRecord *launch : of.launches)
        symbols.push_back(plan.string(launch->symbol));
      array.push_back({{"level", plan.string(plan.levels[level].name)},
                       {"entry", rt::nameOf(of.entry)},
                       {"body", plan.string(of.body->name)},
                       {"layers", of.layers},
                       {"launches", std::move(symbols)}});
    }
  return array;
}

} // namespace

std::string planAsJson(const PlanView &plan) {
  Json json;
  json["schema"] = 1;
  json["header"] = record(plan, plan.header());
  json["table"] = section(plan, plan.table());
#define SECTION(tag, member, Record, presence, text)                           \
  json[#member] = section(plan, plan.member);
#include "runtime/plan/Sections.def"
  // What follows is derived, no part of the file.
  json["memory_by_context"] = memoryTable(plan);
  json["kernel_choices"] = reasonTable(plan);
  json["body_launches"] = launchTable(plan);
  return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

} // namespace ds
