"""The life of a chat: the heart of the service. Start with `lifecycle`."""
