# Builds the GPU's part of _core for the processor, on the stand-in for CUDA's runtime that lies beside this file.

set(stand_in ${CMAKE_CURRENT_LIST_DIR})
set(cuda_sources csrc/device_cuda.cu csrc/link_graph_cuda.cu)
set_source_files_properties(${cuda_sources} PROPERTIES LANGUAGE CXX)
# The device's branches are compiled too.
set_source_files_properties(${cuda_sources} PROPERTIES COMPILE_OPTIONS "-xc++;-D__CUDA_ARCH__=900")
add_library(_cuda OBJECT ${cuda_sources} ${stand_in}/block.cpp ${stand_in}/memory.cpp ${stand_in}/runtime.cpp)
target_include_directories(_cuda PRIVATE ${stand_in} ${stand_in}/include)
target_compile_features(_cuda PRIVATE cxx_std_20)
set_target_properties(_cuda PROPERTIES POSITION_INDEPENDENT_CODE ON CXX_VISIBILITY_PRESET hidden)
target_compile_options(_cuda PRIVATE -ffp-contract=off -Wall -Wextra)
if(TRAJTRACK_SANITIZERS)
  target_compile_options(_cuda PRIVATE
    -g -O1 -fno-omit-frame-pointer -fsanitize=${TRAJTRACK_SANITIZERS} -fno-sanitize-recover=all)
endif()
target_sources(_core PRIVATE csrc/bindings_cuda.cpp)
target_link_libraries(_core PRIVATE _cuda)
target_compile_definitions(_core PRIVATE TRAJTRACK_CUDA)
