//! Plans, and the programs in them: what is read is written in the same way again.

use super::short;
use crate::memory::within;
use crate::samples::PLANS;
use crate::spoilt;
use resurgam_formats::listing;
use resurgam_formats::plan::Plan;
use resurgam_formats::program::Input;
use resurgam_formats::verdict::Verdict;
use resurgam_formats::wire::read_versioned;

/// The limit that is given to the decoder.
const MAX: u64 = 1 << 20;

/// A plan or a short line; a plan survives being written, and has words for people.
pub fn run(script: &[u8]) {
    let input = spoilt::input(script, &PLANS);
    let most = (256 << 10) + 64 * input.len();
    match within(most, || read_versioned::<Plan>("file", &*input, MAX)) {
        Ok(plan) => {
            let written = serde_json::to_vec(&plan).unwrap_or_default();
            assert_eq!(read_versioned::<Plan>("again", &*written, MAX).as_ref(), Ok(&plan));
            let _ = listing::plan(&plan);
        }
        Err(problem) => short("file", &problem.0),
    }
    for problem in [
        within(most, || read_versioned::<Input>("file", &*input, MAX)).err(),
        within(most, || read_versioned::<Verdict>("file", &*input, MAX)).err(),
    ]
    .into_iter()
    .flatten()
    {
        short("file", &problem.0);
    }
}
