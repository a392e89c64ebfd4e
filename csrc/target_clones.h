// Run-time choice of vector instructions: the compiler clones a function for each instruction set, the loader picks
// one.
#pragma once

#ifdef TRAJTRACK_HAS_TARGET_CLONES
#define TRAJTRACK_CLONES __attribute__((target_clones("arch=x86-64-v4", "avx2", "default")))
#else
#define TRAJTRACK_CLONES
#endif
