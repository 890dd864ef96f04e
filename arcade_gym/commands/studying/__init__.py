"""The parts of `arcade-gym study`."""
