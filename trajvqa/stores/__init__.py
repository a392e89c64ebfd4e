"""Features of clips, regions and trajectories, in HDF5 files or in memory, and files of BERT features of questions."""

from __future__ import annotations

from trajvqa.stores.bert_features import BertFeatures, convert_bert
from trajvqa.stores.frame_features import FrameFeatures, write_frame_features
from trajvqa.stores.in_memory import ClipsInMemory, TrajectoriesInMemory
from trajvqa.stores.many_files import open_frame_features, open_region_features, open_trajectories, store_files
from trajvqa.stores.pieces import LINKS, cut_attributes, cut_trajectories
from trajvqa.stores.protocols import ClipFeatures, Regions, TrajectoryFeatures
from trajvqa.stores.region_features import RegionBatch, RegionFeatures, RegionsInMemory, write_region_features
from trajvqa.stores.trajectories import TrajectoryStore
from trajvqa.stores.trajectory_batches import TrajectoryBatch
from trajvqa.stores.trajectory_writer import write_trajectories
from trajvqa.stores.video_trajectories import VideoTrajectories

__all__ = [
    "LINKS",
    "BertFeatures",
    "ClipFeatures",
    "ClipsInMemory",
    "FrameFeatures",
    "RegionBatch",
    "RegionFeatures",
    "Regions",
    "RegionsInMemory",
    "TrajectoriesInMemory",
    "TrajectoryBatch",
    "TrajectoryFeatures",
    "TrajectoryStore",
    "VideoTrajectories",
    "convert_bert",
    "cut_attributes",
    "cut_trajectories",
    "open_frame_features",
    "open_region_features",
    "open_trajectories",
    "store_files",
    "write_frame_features",
    "write_region_features",
    "write_trajectories",
]
