"""Acting in many lanes: steps, rows of experience, episodes counted on the device."""
