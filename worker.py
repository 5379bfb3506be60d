"""`python worker.py`: the workers and the clock of one machine."""

from scheduler import cli

if __name__ == "__main__":
    cli.main(["run", "--no-pages"])
