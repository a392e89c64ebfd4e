"""What is known of videos and questions, in HDF5 files."""
