"""Views of trajectories: a page for the browser, or a video with the boxes drawn in."""

from __future__ import annotations

from trajtrack.viewer.content import ViewSummary
from trajtrack.viewer.page import write_page
from trajtrack.viewer.question import Question, QuestionTrajectory, ScoredAnswer
from trajtrack.viewer.video import write_video

__all__ = ["Question", "QuestionTrajectory", "ScoredAnswer", "ViewSummary", "write_page", "write_video"]
