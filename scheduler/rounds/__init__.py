"""Running a round: asking, planning, publishing, closing, and what the coordinator sees of it."""
