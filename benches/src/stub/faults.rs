//! Faults at seeded times: every kind that the kernel does by itself.

use super::{Load, NODES};
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use resurgam_formats::plan::{Fault, Harm, Side, Way};

/// Faults of 50 to 500 ms, all over before the last fifth of the case.
pub(super) fn draw(seed: u64, load: Load) -> Vec<Fault> {
    let mut draws = SmallRng::seed_from_u64(seed);
    let last = u32::try_from(load.lasts.as_millis() * 4 / 5).unwrap_or(u32::MAX);
    let mut faults = Vec::new();
    for _ in 0..load.faults {
        let node = draws.random_range(0..NODES);
        let side = Side { nodes: vec![node], driver: draws.random_bool(0.3) };
        let harm = match draws.random_range(0..8) {
            0 => Harm::Partition { side, way: Way::Both },
            1 => Harm::Partition { side, way: Way::In },
            2 => Harm::Partition { side, way: Way::Out },
            3 => Harm::Hold { side },
            4 => Harm::Slow { side, by_ms: draws.random_range(5..30) },
            5 => Harm::Kill { node },
            6 => Harm::PowerLoss { node },
            _ => Harm::ClockSkew { node, by_ms: draws.random_range(-3_000..3_000) },
        };
        let for_ms = draws.random_range(50..500);
        faults.push(Fault { at_ms: draws.random_range(300..last - for_ms), for_ms, harm });
    }
    faults
}
