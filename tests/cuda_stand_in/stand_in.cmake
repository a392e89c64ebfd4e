# Builds the GPU code of _trajtrack for the CPU, on the stand-in for the CUDA runtime in this folder.

set(stand_in ${CMAKE_CURRENT_LIST_DIR})
set(cuda_sources csrc/cuda/device.cu csrc/cuda/device_link_graph.cu)
set_source_files_properties(${cuda_sources} PROPERTIES LANGUAGE CXX)
# Compile the branches for the device too.
set_source_files_properties(${cuda_sources} PROPERTIES COMPILE_OPTIONS "-xc++;-D__CUDA_ARCH__=900")
add_library(_trajtrack_cuda OBJECT ${cuda_sources} ${stand_in}/block.cpp ${stand_in}/memory.cpp ${stand_in}/runtime.cpp)
target_include_directories(_trajtrack_cuda PRIVATE csrc ${stand_in} ${stand_in}/include)
target_compile_features(_trajtrack_cuda PRIVATE cxx_std_20)
set_target_properties(_trajtrack_cuda PROPERTIES POSITION_INDEPENDENT_CODE ON CXX_VISIBILITY_PRESET hidden)
target_compile_options(_trajtrack_cuda PRIVATE -ffp-contract=off -Wall -Wextra)
if(TRAJTRACK_SANITIZERS)
  target_compile_options(_trajtrack_cuda PRIVATE
    -g -O1 -fno-omit-frame-pointer -fsanitize=${TRAJTRACK_SANITIZERS} -fno-sanitize-recover=all)
endif()
target_sources(_trajtrack PRIVATE csrc/python/device_array.cpp csrc/python/module_cuda.cpp)
target_link_libraries(_trajtrack PRIVATE _trajtrack_cuda)
target_compile_definitions(_trajtrack PRIVATE TRAJTRACK_CUDA)
