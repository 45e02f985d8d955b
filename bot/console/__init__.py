"""What can be seen of the bot from outside, over HTTP: alive, ready, metrics. No patient data."""
