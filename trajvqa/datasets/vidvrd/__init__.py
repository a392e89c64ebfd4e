"""Questions made from VidVRD's annotations."""
