"""What all images have in common: where they are written, and that they are reproduced."""

from __future__ import annotations

from pathlib import Path

import pytest

from trajtrack.plots import image_path, new_figure, save_figure, style_axes


def draw_line(path: Path) -> None:
    figure = new_figure(2, 2)
    axes = figure.subplots()
    style_axes(axes, "costs $1 and $2")
    axes.plot([0, 1], [0, 1], "o-")
    save_figure(figure, path)


@pytest.mark.parametrize("suffix", [".png", ".svg", ".pdf", ".PNG"])
def test_images_are_reproduced_byte_for_byte(tmp_path, monkeypatch, suffix):
    pytest.importorskip("matplotlib")
    for name, now in (("once", "1000000000"), ("twice", "1700000000")):
        # The time that Matplotlib would write.
        monkeypatch.setenv("SOURCE_DATE_EPOCH", now)
        draw_line(tmp_path / f"{name}{suffix}")
    assert (tmp_path / f"once{suffix}").read_bytes() == (tmp_path / f"twice{suffix}").read_bytes()


def test_a_dollar_sign_in_a_title_is_no_formula(tmp_path):
    pytest.importorskip("matplotlib")
    draw_line(tmp_path / "line.svg")
    assert "costs $1 and $2" in (tmp_path / "line.svg").read_text()


def test_another_suffix_is_refused():
    with pytest.raises(ValueError, match=r"^path: found 'a\.gif', expected one of the suffixes \.png, \.svg, \.pdf$"):
        image_path("a.gif")
