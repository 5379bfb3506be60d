"""The programme, its people and its rounds: who takes part, and by which rules."""
