"""Libraries of arrays on the stand-in for a machine with GPUs: what the tests use of torch and CuPy.

The core that is tested may be built on tests/cuda_stand_in. Then there is no GPU, and no torch or CuPy that would use
one: their parts are played here, on the same devices and by the same protocols.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from trajtrack import _core

__all__ = ["Array", "Cuda", "Tensor", "find_cuda", "play_cupy", "play_torch", "wrap"]

_HOST_TO_DEVICE, _DEVICE_TO_HOST, _DEVICE_TO_DEVICE = 1, 2, 3
_BFLOAT = 4


class Cuda:
    """CUDA's runtime, as the core has it."""

    def __init__(self, library: ctypes.CDLL) -> None:
        self._library = library
        library.standInCalls.restype = ctypes.c_int64

    def __getattr__(self, name: str) -> Any:
        function = self._library[name]

        def call(*arguments: Any) -> None:
            error = function(*arguments)
            assert error == 0, f"{name}: {error}"

        return call

    def fail(self, call: int) -> None:
        """Make the call of this number fail, from 0 and from now on; -1 makes none fail."""
        self._library.standInFail(ctypes.c_int64(call))

    def num_calls(self) -> int:
        """Return the number of calls since `fail`."""
        return int(self._library.standInCalls())

    def available(self, device: int = 0) -> int:
        """Return the bytes of a device that are free once its work is done."""
        with self.device(device):
            self.cudaDeviceSynchronize()
            free, total = ctypes.c_size_t(), ctypes.c_size_t()
            self.cudaMemGetInfo(ctypes.byref(free), ctypes.byref(total))
        return free.value

    def total(self) -> int:
        """Return the bytes of a device."""
        free, total = ctypes.c_size_t(), ctypes.c_size_t()
        self.cudaMemGetInfo(ctypes.byref(free), ctypes.byref(total))
        return total.value

    @property
    def current_device(self) -> int:
        """The device of the calling thread."""
        device = ctypes.c_int()
        self.cudaGetDevice(ctypes.byref(device))
        return device.value

    @contextmanager
    def device(self, number: int) -> Iterator[None]:
        """Make a device the current one."""
        before = self.current_device
        self.cudaSetDevice(number)
        try:
            yield
        finally:
            self.cudaSetDevice(before)

    def make_stream(self) -> int:
        """Return a stream that waits for no other."""
        stream = ctypes.c_void_p()
        self.cudaStreamCreateWithFlags(ctypes.byref(stream), ctypes.c_uint(1))
        assert stream.value
        return stream.value

    def follow(self, stream: int, other: int) -> None:
        """Let a stream wait for what another was given."""
        event = ctypes.c_void_p()
        self.cudaEventCreateWithFlags(ctypes.byref(event), ctypes.c_uint(2))
        self.cudaEventRecord(event, ctypes.c_void_p(other))
        self.cudaStreamWaitEvent(ctypes.c_void_p(stream), event, ctypes.c_uint(0))
        self.cudaEventDestroy(event)

    def copy(self, target: int, source: int, size: int, kind: int, stream: int) -> None:
        """Give a stream a copy to do."""
        if size > 0:
            self.cudaMemcpyAsync(
                ctypes.c_void_p(target),
                ctypes.c_void_p(source),
                ctypes.c_size_t(size),
                ctypes.c_int(kind),
                ctypes.c_void_p(stream),
            )


def find_cuda() -> Cuda | None:
    """Return the runtime of the stand-in; None where the core is built for real GPUs or for none."""
    library = ctypes.CDLL(_core.__file__)
    return Cuda(library) if hasattr(library, "standInFail") else None


class Memory:
    """Memory of the current device, freed with its last user."""

    def __init__(self, cuda: Cuda, size: int) -> None:
        self.cuda, self.device = cuda, cuda.current_device
        address = ctypes.c_void_p()
        if size > 0:
            cuda.cudaMalloc(ctypes.byref(address), ctypes.c_size_t(size))
        self.address = address.value or 0

    def __del__(self) -> None:
        if self.address:
            self.cuda.cudaFree(ctypes.c_void_p(self.address))


class Array:
    """An array on a device: its place, and how it lies there.

    Work on it is given to the stream that is the current one of `play_torch`.
    """

    streams: ClassVar[list[int]] = [0]

    def __init__(self, cuda: Cuda, owner: Any, device: int, address: int, layout: NDArray[Any]) -> None:
        self.cuda, self.owner, self.number, self.address = cuda, owner, device, address
        self.layout = layout
        """An array of the host of the same shape, strides and dtype; its values mean nothing."""

    @classmethod
    def upload(cls, cuda: Cuda, values: NDArray[Any]) -> Any:
        """Give the current stream a contiguous copy to make on the current device."""
        values = np.ascontiguousarray(values)
        memory = Memory(cuda, values.nbytes)
        made = cls(cuda, memory, memory.device, memory.address, np.empty_like(values))
        made._write(values)
        return made

    def _write(self, values: NDArray[Any]) -> None:
        assert self.layout.flags.c_contiguous
        values = np.ascontiguousarray(values, self.layout.dtype)
        assert values.shape == self.layout.shape
        with self.cuda.device(self.number):
            self.cuda.copy(self.address, values.ctypes.data, values.nbytes, _HOST_TO_DEVICE, self.streams[-1])

    def read(self) -> NDArray[Any]:
        """Return the values, once the current stream has come here."""
        low, high = np.lib.array_utils.byte_bounds(self.layout)
        found = np.empty(high - low, np.uint8)
        with self.cuda.device(self.number):
            start = self.address + low - self.layout.ctypes.data
            self.cuda.copy(found.ctypes.data, start, found.nbytes, _DEVICE_TO_HOST, self.streams[-1])
            self.cuda.cudaStreamSynchronize(ctypes.c_void_p(self.streams[-1]))
        offset = self.layout.ctypes.data - low
        return np.ndarray(self.layout.shape, self.layout.dtype, found, offset, self.layout.strides)

    def copied_by(self, stream: int) -> Any:
        """Return a copy that a stream is given to make."""
        with self.cuda.device(self.number):
            memory = Memory(self.cuda, self.layout.nbytes)
            self.cuda.copy(memory.address, self.address, self.layout.nbytes, _DEVICE_TO_DEVICE, stream)
        return type(self)(self.cuda, memory, self.number, memory.address, np.empty_like(self.layout))

    def view(self, layout: NDArray[Any]) -> Any:
        """Return a part, whose layout is a part of this one's."""
        address = self.address + layout.ctypes.data - self.layout.ctypes.data
        return type(self)(self.cuda, self.owner, self.number, address, layout)

    @property
    def __cuda_array_interface__(self) -> dict[str, Any]:
        return {
            "shape": self.layout.shape,
            "typestr": self.layout.dtype.str,
            "data": (self.address, False),
            "strides": None if self.layout.flags.c_contiguous else self.layout.strides,
            "version": 3,
            "stream": self.streams[-1] or 1,
        }


class _DLTensor(ctypes.Structure):
    _fields_ = (
        ("data", ctypes.c_void_p),
        ("device_type", ctypes.c_int32),
        ("device_id", ctypes.c_int32),
        ("ndim", ctypes.c_int32),
        ("code", ctypes.c_uint8),
        ("bits", ctypes.c_uint8),
        ("lanes", ctypes.c_uint16),
        ("shape", ctypes.POINTER(ctypes.c_int64)),
        ("strides", ctypes.POINTER(ctypes.c_int64)),
        ("byte_offset", ctypes.c_uint64),
    )


class _DLManagedTensor(ctypes.Structure):
    _fields_ = (("tensor", _DLTensor), ("context", ctypes.c_void_p), ("deleter", ctypes.c_void_p))


_lent: dict[int, tuple[Any, ...]] = {}
"""What is lent by DLPack, by address, until it is given back."""


@ctypes.CFUNCTYPE(None, ctypes.c_void_p)
def _take_back(address: int) -> None:
    del _lent[address]


class Tensor(Array):
    """A tensor as torch has it."""

    requires_grad = False
    code: int | None = None
    """DLPack's code of its dtype, where NumPy has no such dtype."""

    def __dlpack_device__(self) -> tuple[int, int]:
        return 2, self.number

    def __dlpack__(self, *, stream: int) -> Any:
        if self.requires_grad:
            raise BufferError("can't export tensors that require gradient")
        if self.cuda.current_device != self.number:
            raise BufferError("can't export tensors on a device that is not the current one")
        self.cuda.follow(stream, self.streams[-1])
        dtype, shape = self.layout.dtype, self.layout.shape
        axes = ctypes.c_int64 * len(shape)
        sizes, steps = axes(*shape), axes(*(stride // dtype.itemsize for stride in self.layout.strides))
        code = "iuf".index(dtype.kind) if self.code is None else self.code
        tensor = _DLTensor(self.address, 2, self.number, len(shape), code, dtype.itemsize * 8, 1, sizes, steps, 0)
        managed = _DLManagedTensor(tensor, None, ctypes.cast(_take_back, ctypes.c_void_p))
        _lent[ctypes.addressof(managed)] = (self, sizes, steps, managed)
        make = ctypes.pythonapi.PyCapsule_New
        make.restype, make.argtypes = ctypes.py_object, (ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p)
        return make(ctypes.addressof(managed), b"dltensor", None)

    @property
    def device(self) -> Any:
        return SimpleNamespace(type="cuda", index=self.number)

    def data_ptr(self) -> int:
        return self.address

    def _made(self, values: NDArray[Any]) -> Tensor:
        with self.cuda.device(self.number):
            made: Tensor = Tensor.upload(self.cuda, values)
        return made

    def clone(self) -> Tensor:
        return self._made(self.read())

    def double(self) -> Tensor:
        return self._made(self.read().astype(np.float64))

    def long(self) -> Tensor:
        return self._made(self.read().astype(np.int64))

    def bfloat16(self) -> Tensor:
        made = self._made(self.read().astype(np.uint16))
        made.code = _BFLOAT
        return made

    def detach(self) -> Tensor:
        return self.view(self.layout)  # type: ignore[no-any-return]

    def requires_grad_(self) -> Tensor:
        self.requires_grad = True
        return self

    def cpu(self) -> Any:
        return SimpleNamespace(numpy=self.read)

    def to(self, device: str) -> Tensor:
        with self.cuda.device(int(device.removeprefix("cuda:"))):
            made: Tensor = Tensor.upload(self.cuda, self.read())
        return made

    def fill_(self, value: float) -> None:
        self._write(np.full_like(self.layout, value))

    def __getitem__(self, place: Any) -> Tensor:
        return self.view(self.layout[place])  # type: ignore[no-any-return]

    def __setitem__(self, place: Any, value: float) -> None:
        values = self.read()
        values[place] = value
        self._write(values)

    def __mul__(self, other: float) -> Tensor:
        return self._made(self.read() * self.layout.dtype.type(other))

    __rmul__ = __mul__

    def __truediv__(self, other: float) -> Tensor:
        return self._made(self.read() / self.layout.dtype.type(other))

    def __iadd__(self, other: Tensor) -> Tensor:
        self._write(self.read() + other.read())
        return self


def wrap(cuda: Cuda, kind: type[Array], values: Any) -> Any:
    """Take an array of another library in place, by the CUDA array interface; its work must be done."""
    interface = values.__cuda_array_interface__
    assert interface["stream"] is None
    layout = np.empty(interface["shape"], interface["typestr"])
    return kind(cuda, values, values.device, interface["data"][0], layout)


def play_torch(cuda: Cuda) -> Any:
    """Return an object with what the tests use of torch."""

    def upload(values: NDArray[Any]) -> Any:
        made = Tensor.upload(cuda, values)
        cuda.cudaDeviceSynchronize()
        return made

    @contextmanager
    def use(stream: int) -> Iterator[None]:
        Array.streams.append(stream)
        try:
            yield
        finally:
            Array.streams.pop()

    def join(tensors: Sequence[Tensor], dim: int) -> Any:
        return Tensor.upload(cuda, np.concatenate([tensor.read() for tensor in tensors], axis=dim))

    return SimpleNamespace(
        uint8=np.uint8,
        from_numpy=lambda values: SimpleNamespace(cuda=lambda: upload(values)),
        as_tensor=lambda values, device: wrap(cuda, Tensor, values),
        cat=join,
        empty=lambda size, dtype, device: Tensor.upload(cuda, np.empty(size, dtype)),
        cuda=SimpleNamespace(
            Stream=cuda.make_stream,
            stream=use,
            _sleep=lambda cycles: None,  # nothing is done before it is waited for
            mem_get_info=lambda: (cuda.available(), cuda.total()),
            device_count=_core.num_cuda_devices,
            current_device=lambda: cuda.current_device,
            empty_cache=lambda: None,
        ),
    )


def play_cupy(cuda: Cuda) -> Any:
    """Return an object with what the tests use of CuPy. Its arrays know the CUDA array interface alone."""

    def take(values: Any) -> Any:
        return Array.upload(cuda, values) if isinstance(values, np.ndarray) else wrap(cuda, Array, values)

    return SimpleNamespace(asarray=take, asnumpy=lambda values: values.read())
