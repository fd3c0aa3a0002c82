//! Random bytes from a seed: SplitMix64, a generator whose whole state is one number, so that it fits a thread-local
//! without a destructor.

/// The next number, and the state after it.
pub(crate) const fn next(state: u64) -> (u64, u64) {
    let state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (mixed ^ (mixed >> 31), state)
}

/// Fills a buffer; returns the state after it. An empty buffer draws nothing.
pub(crate) fn fill(mut state: u64, buffer: &mut [u8]) -> u64 {
    for chunk in buffer.chunks_mut(8) {
        let (number, after) = next(state);
        chunk.copy_from_slice(&number.to_le_bytes()[..chunk.len()]);
        state = after;
    }
    state
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_generator_is_the_published_one() {
        // The first outputs of SplitMix64 for seed 1234567, as Rosetta Code and the reference program give them.
        let (first, state) = next(1_234_567);
        let (second, _) = next(state);
        assert_eq!((first, second), (6_457_827_717_110_365_317, 3_203_168_211_198_807_973));
    }

    #[test]
    fn an_empty_buffer_draws_nothing() {
        assert_eq!(fill(5, &mut []), 5);
    }

    #[test]
    fn an_odd_length_is_filled_to_the_end() {
        let mut buffer = [0_u8; 11];
        fill(5, &mut buffer);
        assert!(buffer[8..].iter().any(|byte| *byte != 0));
    }
}
