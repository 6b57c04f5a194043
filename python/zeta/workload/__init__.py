"""Workloads: traces that are read and loads that are generated, as columns of operations."""
