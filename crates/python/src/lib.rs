//! Untrusted.
