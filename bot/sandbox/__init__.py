"""A strict local stand-in for Telegram: Bot API server, people to act in it, and a page to watch it."""
