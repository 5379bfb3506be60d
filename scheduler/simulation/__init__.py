"""Invented people and time that passes at will: for the demo, previews, rehearsals and simulations."""
