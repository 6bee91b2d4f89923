// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/plan/WeightDigests.h"
#include <algorithm>

namespace ds::rt {

Status verifyWeightDigests(const PlanView &plan, const std::string &file,
                           WeightsToVerify which, const FeedWeight &feed) {
  if (plan.weightDigests.empty())
    return Error{.code = ErrorCode::WeightDigestsAbsent,
                 .file = file,
                 .subject = "the plan holds no digests of weights",
                 .help = "compile with --check-weights or --bundle"};
  Status wrong;
  for (size_t i = 0; i < plan.weights.size(); ++i) {
    const WeightRecord &weight = plan.weights[i];
    if (weight.source == WeightSource::Constant ||
        (which == WeightsToVerify::Carried &&
         weight.source != WeightSource::Data))
      continue;
    Sha256 sha;
    DS_TRY(feed(weight, sha));
    if (!std::ranges::equal(sha.finish(), plan.weightDigests[i].digest))
      wrong.add(Error{.code = ErrorCode::WeightChanged,
                      .file = file,
                      .subject = std::string("tensor ") +
                                 plan.string(weight.name) +
                                 ": its bytes are not those of the compile"});
  }
  return wrong;
}

} // namespace ds::rt
