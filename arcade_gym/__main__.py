"""`python -m arcade_gym` is the command `arcade-gym`."""

import sys

from arcade_gym.commands.main import main

if __name__ == "__main__":
    sys.exit(main())
