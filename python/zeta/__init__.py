"""Zeta: a stateful service whose every answer a small trusted verifier checks."""
