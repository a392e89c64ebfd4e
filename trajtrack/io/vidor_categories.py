"""The object categories of VidOR and VidVRD, numbered once for both: labels compare between files."""

from __future__ import annotations

__all__ = ["CATEGORIES"]

_VIDOR = (
    "adult aircraft antelope baby baby_seat baby_walker backpack ball/sports_ball bat bear bench "
    "bicycle bird bottle bread bus/truck cake camel camera car cat cattle/cow cellphone chair chicken "
    "child crab crocodile cup dish dog duck electric_fan elephant faucet fish frisbee fruits guitar "
    "hamster/rat handbag horse kangaroo laptop leopard lion microwave motorcycle oven panda penguin "
    "piano pig rabbit racket refrigerator scooter screen/monitor sheep/goat sink skateboard ski snake "
    "snowboard sofa squirrel stingray stool stop_sign suitcase surfboard table tiger toilet toy "
    "traffic_light train turtle vegetables watercraft"
)

_ONLY_IN_VIDVRD = (
    "airplane ball bus cattle domestic_cat fox giant_panda hamster lizard monkey person red_panda sheep whale zebra"
)

CATEGORIES = (*_VIDOR.split(), *_ONLY_IN_VIDVRD.split())
"""The 80 of VidOR in alphabetical order, then the 15 that only VidVRD has; the label of each is its place."""
