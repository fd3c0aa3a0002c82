//! Seeds of the parts of a simulation, derived from its seed by name, so that a new part does not change what the
//! others draw.

use xxhash_rust::xxh3::xxh3_64_with_seed;

/// The seed of the `number`-th part with this name.
#[must_use]
pub fn derive(seed: u64, part: &str, number: u64) -> u64 {
    let mut name = part.as_bytes().to_vec();
    name.push(0);
    name.extend_from_slice(&number.to_le_bytes());
    xxh3_64_with_seed(&name, seed)
}

#[cfg(test)]
mod tests {
    use super::derive;
    use std::collections::BTreeSet;

    #[test]
    fn every_part_has_a_seed_of_its_own() {
        let mut seen = BTreeSet::new();
        for seed in 0..10 {
            for part in ["network", "node", ""] {
                seen.extend((0..10).map(|number| derive(seed, part, number)));
            }
        }
        assert_eq!(seen.len(), 300);
    }
}
