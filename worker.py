"""`python worker.py`: the clock and the workers of one machine."""

from scheduler import cli

if __name__ == "__main__":
    cli.main(["clock"])
