# Adds the GPU's part to _core where TRAJTRACK_CUDA asks for it and a toolkit is there. Says in TRAJTRACK_CUDA_MISSING
# why it did not.

function(trajtrack_find_cuda)
  set(TRAJTRACK_CUDA_MISSING "" PARENT_SCOPE)
  if(NOT TRAJTRACK_CUDA MATCHES "^(AUTO|ON|OFF)$")
    message(FATAL_ERROR "TRAJTRACK_CUDA: expected AUTO, ON or OFF, found '${TRAJTRACK_CUDA}'")
  endif()
  if(TRAJTRACK_CUDA STREQUAL "OFF")
    set(TRAJTRACK_CUDA_MISSING "TRAJTRACK_CUDA was OFF" PARENT_SCOPE)
    return()
  endif()
  find_program(TRAJTRACK_NVCC nvcc HINTS "$ENV{CUDACXX}" "${CMAKE_CUDA_COMPILER}"
    PATHS "$ENV{CUDA_PATH}" "$ENV{CUDA_HOME}" /usr/local/cuda PATH_SUFFIXES bin)
  if(NOT TRAJTRACK_NVCC)
    set(TRAJTRACK_CUDA_MISSING "no CUDA toolkit was found when it was built" PARENT_SCOPE)
    return()
  endif()
  execute_process(COMMAND ${TRAJTRACK_NVCC} --version OUTPUT_VARIABLE text ERROR_QUIET)
  if(NOT text MATCHES "release ([0-9]+\\.[0-9]+)" OR CMAKE_MATCH_1 VERSION_LESS 12.0)
    set(TRAJTRACK_CUDA_MISSING "CUDA 12.0 or newer is needed to build for it, ${TRAJTRACK_NVCC} is older" PARENT_SCOPE)
    return()
  endif()
  set(TRAJTRACK_NVCC_VERSION ${CMAKE_MATCH_1} PARENT_SCOPE)
endfunction()

if(TRAJTRACK_CUDA_STAND_IN)  # for tests, where there is no GPU
  include(${TRAJTRACK_CUDA_STAND_IN}/stand_in.cmake)
  return()
endif()

trajtrack_find_cuda()

if(NOT TRAJTRACK_CUDA_MISSING)
  # From the oldest that the toolkit knows to the newest, the latter as PTX too, for what comes after it.
  if(NOT CMAKE_CUDA_ARCHITECTURES AND DEFINED ENV{CUDAARCHS})
    set(CMAKE_CUDA_ARCHITECTURES $ENV{CUDAARCHS})
  elseif(NOT CMAKE_CUDA_ARCHITECTURES)
    set(CMAKE_CUDA_ARCHITECTURES 75-real 80-real 86-real 89-real)
    if(TRAJTRACK_NVCC_VERSION VERSION_LESS 13.0)
      list(PREPEND CMAKE_CUDA_ARCHITECTURES 70-real)
    endif()
    if(TRAJTRACK_NVCC_VERSION VERSION_LESS 12.8)
      list(APPEND CMAKE_CUDA_ARCHITECTURES 90)
    else()
      list(APPEND CMAKE_CUDA_ARCHITECTURES 90-real 100-real 120)
    endif()
  endif()
  if(NOT CMAKE_CUDA_COMPILER)
    set(CMAKE_CUDA_COMPILER ${TRAJTRACK_NVCC})
  endif()
  if(TRAJTRACK_CUDA STREQUAL "AUTO")
    # A toolkit that does not work with this compiler is no reason to fail.
    file(WRITE ${CMAKE_BINARY_DIR}/check_cuda/check.cu "int main() { return 0; }\n")
    execute_process(
      COMMAND ${CMAKE_CUDA_COMPILER} -std=c++20 -ccbin ${CMAKE_CXX_COMPILER} -c check.cu -o check.o
      WORKING_DIRECTORY ${CMAKE_BINARY_DIR}/check_cuda RESULT_VARIABLE failed OUTPUT_QUIET ERROR_QUIET)
    if(failed)
      set(TRAJTRACK_CUDA_MISSING "${CMAKE_CUDA_COMPILER} does not work with ${CMAKE_CXX_COMPILER}")
    endif()
  endif()
endif()

if(TRAJTRACK_CUDA_MISSING)
  if(TRAJTRACK_CUDA STREQUAL "ON")
    message(FATAL_ERROR "TRAJTRACK_CUDA=ON: ${TRAJTRACK_CUDA_MISSING}")
  endif()
  message(STATUS "Without CUDA: ${TRAJTRACK_CUDA_MISSING}")
  target_compile_definitions(_core PRIVATE TRAJTRACK_CUDA_MISSING="${TRAJTRACK_CUDA_MISSING}")
  return()
endif()

if(NOT CMAKE_CUDA_HOST_COMPILER)
  set(CMAKE_CUDA_HOST_COMPILER ${CMAKE_CXX_COMPILER})
endif()
enable_language(CUDA)
find_package(CUDAToolkit REQUIRED)
message(STATUS "With CUDA ${TRAJTRACK_NVCC_VERSION} for ${CMAKE_CUDA_ARCHITECTURES}")

add_library(_cuda OBJECT csrc/device_cuda.cu csrc/link_graph_cuda.cu)
if(NOT CMAKE_CUDA20_STANDARD_COMPILE_OPTION)  # CMake 3.25.1 does not know that nvcc 12 has it
  set(CMAKE_CUDA20_STANDARD_COMPILE_OPTION -std=c++20)
endif()
set_target_properties(_cuda PROPERTIES
  CUDA_STANDARD 20 CUDA_STANDARD_REQUIRED ON CUDA_EXTENSIONS OFF
  CUDA_VISIBILITY_PRESET hidden POSITION_INDEPENDENT_CODE ON)
# Results are promised to the last bit, as for the processor: no fused multiply-add, and division by IEEE 754.
set(TRAJTRACK_CUDA_FLAGS -fmad=false --ftz=false --prec-div=true)
target_compile_options(_cuda PRIVATE ${TRAJTRACK_CUDA_FLAGS})
if(NOT MSVC)
  target_compile_options(_cuda PRIVATE -Xcompiler=-ffp-contract=off,-Wall,-Wextra)
endif()
if(TRAJTRACK_WARNINGS_AS_ERRORS)
  target_compile_options(_cuda PRIVATE -Werror=all-warnings)
endif()
target_sources(_core PRIVATE csrc/bindings_cuda.cpp)
target_link_libraries(_core PRIVATE _cuda CUDA::cudart_static)
target_compile_definitions(_core PRIVATE TRAJTRACK_CUDA)
