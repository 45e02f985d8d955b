"""Telegram, and the only folder that knows it: updates in, messages out, and what each person may do."""
