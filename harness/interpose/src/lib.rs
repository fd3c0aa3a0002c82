//! Time and randomness of the C library, replaced per thread.
