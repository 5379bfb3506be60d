"""Letters out and mail in. Nothing here knows of people or chats."""
