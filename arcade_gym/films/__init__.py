"""Films: GIF and MP4, and sheets of lanes beside each other."""
