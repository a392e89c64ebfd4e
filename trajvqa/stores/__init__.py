"""Files of features: clips and trajectories of videos in HDF5, and BERT features of questions."""

from __future__ import annotations

from trajvqa.stores.bert_features import BertFeatures, convert_bert
from trajvqa.stores.frame_features import FrameFeatures, write_frame_features
from trajvqa.stores.trajectories import TrajectoryBatch, TrajectoryStore
from trajvqa.stores.trajectory_writer import write_trajectories
from trajvqa.stores.video_trajectories import VideoTrajectories

__all__ = [
    "BertFeatures",
    "FrameFeatures",
    "TrajectoryBatch",
    "TrajectoryStore",
    "VideoTrajectories",
    "convert_bert",
    "write_frame_features",
    "write_trajectories",
]
