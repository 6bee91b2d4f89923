// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/device/ThreadPool.h"
#include "runtime/base/SignalsBlocked.h"
#include <algorithm>

namespace ds::rt {

ThreadPool::ThreadPool(uint32_t workers) {
  workers = std::clamp(workers, 1u, kMaxWorkers);
  starts_.reserve(workers); // threads keep addresses of its elements
  threads_.reserve(workers);
  // Signals are the caller's, which may hold them off; one that a worker took
  // would neither heed that nor end a read of the caller's.
  SignalsBlocked inWorkers;
  for (uint32_t i = 1; i < workers; ++i) {
    starts_.push_back({this, i});
    pthread_t thread;
    if (::pthread_create(&thread, nullptr, threadMain, &starts_.back()))
      break;
    threads_.push_back(thread);
  }
  gate_.emplace(this->workers());
  barrier_.emplace(this->workers());
  isReady_.store(true);
  isReady_.notify_all();
}

ThreadPool::~ThreadPool() {
  job_ = nullptr;
  gate_->wait();
  for (pthread_t thread : threads_)
    ::pthread_join(thread, nullptr);
}

void ThreadPool::run(Job *job, void *state) {
  job_ = job, state_ = state;
  gate_->wait();
  job(state, 0, workers());
  gate_->wait();
}

void *ThreadPool::threadMain(void *start) {
  auto [pool, index] = *static_cast<Worker *>(start);
  pool->isReady_.wait(false);
  for (;;) {
    pool->gate_->wait();
    if (!pool->job_)
      return nullptr;
    pool->job_(pool->state_, index, pool->workers());
    pool->gate_->wait();
  }
}

} // namespace ds::rt
