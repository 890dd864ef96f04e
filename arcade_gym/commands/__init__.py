"""The command `arcade-gym`: one file per verb."""
