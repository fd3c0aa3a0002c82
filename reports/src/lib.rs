//! From verdicts to what a person or a machine reads. It never judges again.
