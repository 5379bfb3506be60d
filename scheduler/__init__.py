"""Coffee Rounds: one-on-one coffee chats between medical students and mentors, arranged by mail.

Read in this order: `chats/lifecycle` (what may happen to a chat), `chats/chat` (the chat itself),
`chats/record` (the one door for change), `chats/letters` (who is written to), `chats/answering`
(people's answers), `mail/outbox` (letters and their fate), `sweep` (what time does). After these seven the
rest holds no surprises. `docs/architecture.md` is the map of the whole.
"""
