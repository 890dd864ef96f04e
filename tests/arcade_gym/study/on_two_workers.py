"""The command where Ray has two processes: `python -m ... study run ...`."""

import sys

import ray

from arcade_gym.commands.main import main

if __name__ == "__main__":
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    sys.exit(main(sys.argv[1:]))
