//! Runs cases: targets, clients, workers, recorder and runner. It records, and never judges.
