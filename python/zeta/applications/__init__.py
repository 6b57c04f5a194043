"""Applications that ship with Zeta."""
