#pragma once

#include <memory>

namespace rowtide::sink {

/// Frees an object of librdkafka's by the function that its documentation names.
template <auto Function>
struct KafkaDeleter {
  template <class T>
  void operator()(T* object) const noexcept {
    Function(object);
  }
};

template <class T, auto Function>
using KafkaHandle = std::unique_ptr<T, KafkaDeleter<Function>>;

}  // namespace rowtide::sink
