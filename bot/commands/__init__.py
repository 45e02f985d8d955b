"""What can be typed after `aftercare`: one file a command. Thin: read, call, print, exit code."""
