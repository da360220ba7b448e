#pragma once

// What the shared library shows; everything else in it is hidden.
#define ROWTIDE_SDK_EXPORT __attribute__((visibility("default")))
