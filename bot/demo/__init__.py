"""The rehearsal: sandbox and unmodified bot in one process, storylines on the wire, and what came of them."""
