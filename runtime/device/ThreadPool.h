// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A fixed set of workers that do the same work together. The caller is worker
// 0.
#pragma once
#include "runtime/device/AllowedCPUs.h"
#include "runtime/device/Barrier.h"
#include <optional>
#include <pthread.h>
#include <type_traits>
#include <vector>

namespace ds::rt {

class ThreadPool {
public:
  static constexpr uint32_t kMaxWorkers = 1024;

  /// 1 to kMaxWorkers workers, more than allowedCPUs() included; fewer than
  /// asked for where the system gives fewer threads.
  explicit ThreadPool(uint32_t workers = allowedCPUs());
  ThreadPool(const ThreadPool &) = delete;
  ~ThreadPool();

  uint32_t workers() const { return uint32_t(threads_.size()) + 1; }
  /// For use within run(), by all workers equally often.
  Barrier &barrier() { return *barrier_; }

  /// Calls work(worker, workers) on every worker and returns when all have
  /// returned. Allocates nothing. One caller at a time; `work` throws nothing.
  template <class Work>
  void run(Work &&work) {
    run(
        [](void *state, uint32_t worker, uint32_t workers) {
          (*static_cast<std::remove_reference_t<Work> *>(state))(worker,
                                                                 workers);
        },
        const_cast<void *>(static_cast<const void *>(&work)));
  }

private:
  using Job = void(void *state, uint32_t worker, uint32_t workers);
  struct Worker;

  void run(Job *job, void *state);
  static void *threadMain(void *worker);

  std::vector<pthread_t> threads_;
  std::vector<Worker> starts_;
  std::atomic<bool> isReady_{false}; // the barriers exist
  std::optional<Barrier> gate_;      // opens a run, and closes it
  std::optional<Barrier> barrier_;
  Job *job_ = nullptr; // null at an open gate: stop
  void *state_ = nullptr;
};

struct ThreadPool::Worker {
  ThreadPool *pool;
  uint32_t index;
};

} // namespace ds::rt
