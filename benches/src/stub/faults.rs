//! Faults at seeded times: every kind that the kernel does by itself.

use super::load::{Load, NODES};
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use resurgam_simulation::{Fault, Nemesis, Side, Way};
use std::time::Duration;

/// Faults of 50 to 500 ms, all over before the last fifth of the case.
pub(super) fn order(nemesis: &Nemesis, seed: u64, load: Load) {
    let mut draws = SmallRng::seed_from_u64(seed);
    let last = u32::try_from(load.lasts.as_millis() * 4 / 5).unwrap_or(u32::MAX);
    let ms = |ms: u32| Duration::from_millis(ms.into());
    for name in 0..load.faults {
        let node = draws.random_range(0..NODES);
        let side = Side { nodes: vec![node], driver: draws.random_bool(0.3) };
        let fault = match draws.random_range(0..8) {
            0 => Fault::Partition { side, way: Way::Both },
            1 => Fault::Partition { side, way: Way::In },
            2 => Fault::Partition { side, way: Way::Out },
            3 => Fault::Hold { side },
            4 => Fault::Slow { side, by: ms(draws.random_range(5..30)) },
            5 => Fault::Kill { node },
            6 => Fault::PowerLoss { node },
            _ => Fault::ClockSkew { node, by_ms: draws.random_range(-3_000..3_000) },
        };
        let for_ms = draws.random_range(50..500);
        let at = ms(draws.random_range(300..last - for_ms));
        nemesis.order(at, Some(ms(for_ms)), fault, name);
    }
}
