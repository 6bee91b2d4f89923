// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// e2e_decode_logits PLAN LEVEL PREFILL ID,ID,...: prefills the first PREFILL
// ids, decodes the others one by one, and writes the logits of every position
// as f32 [ids, vocab_size]. Its exit statuses are those of dsrun.
#include "runtime/exec/Session.h"
#include "tools/dsrun/Emulation.h"
#include <cstdio>
#include <cstdlib>
#include <cstring>

using namespace ds;
using namespace ds::rt;

/// Writes the logits of the last run's first `count` tokens.
static Status write(Session &session, uint32_t count) {
  for (uint32_t row = 0; row < count; ++row) {
    DS_TRY(session.head({&row, 1}));
    std::span<const float> logits = session.logits(0);
    std::fwrite(logits.data(), sizeof(float), logits.size(), stdout);
  }
  return {};
}

static Status run(const char *path, const char *level, uint32_t prefill,
                  std::span<const uint32_t> ids) {
  DS_ASSIGN(PlanFile plan, PlanFile::open(path));
  DS_ASSIGN(std::unique_ptr<Session> session,
            Session::create(plan, {.threads = 2,
                                   .level = level,
                                   .emulation = dsrun::makeEmulation()}));
  DS_ASSIGN(SequenceId sequence, session->addSequence(uint32_t(ids.size())));
  SequenceTokens tokens{sequence, ids.first(prefill)};
  DS_TRY(session->prefill({&tokens, 1}));
  DS_TRY(write(*session, prefill));
  for (size_t at = prefill; at < ids.size(); ++at) {
    tokens.tokens = ids.subspan(at, 1);
    DS_TRY(session->decode({&tokens, 1}));
    DS_TRY(write(*session, 1));
  }
  return Status::ok();
}

int main(int argc, char **argv) {
  std::vector<uint32_t> ids;
  for (char *at = argc == 5 ? argv[4] : nullptr; at; at = std::strchr(at, ',')) {
    at += *at == ',';
    ids.push_back(uint32_t(std::strtoul(at, &at, 10)));
  }
  uint32_t prefill = argc == 5 ? uint32_t(std::atoi(argv[3])) : 0;
  if (prefill == 0 || prefill > ids.size())
    return int(Exit::Usage);
  Status status = run(argv[1], argv[2], prefill, ids);
  std::fputs(status.text("e2e_decode_logits").c_str(), stderr);
  return int(status.exit());
}
