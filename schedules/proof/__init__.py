"""Proofs about a pathway, by search over everything its rules look at. Run before publishing, not on every load."""
