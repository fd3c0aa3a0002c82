//! How many connections the system lets this process have. Each takes a file descriptor, and a server that has none left lets
//! nobody in and reaches neither its store nor other nodes: so there are fewer connections than descriptors.

/// Descriptors that are for something else than those who come: the store, listeners, ways to other nodes, the runtime. Of few
/// it is a quarter.
const RESERVE: u64 = 256;

/// How many connections each of so many nodes may have, if the system says how many descriptors there are. Said once in the log.
pub(crate) fn connections(nodes: usize) -> Option<usize> {
    let descriptors = descriptors()?;
    let each = share(descriptors, nodes);
    tracing::info!(descriptors, each, "so many file descriptors, and connections to each node at most");
    Some(each)
}

fn share(descriptors: u64, nodes: usize) -> usize {
    let rest = descriptors - RESERVE.min(descriptors / 4);
    usize::try_from(rest).unwrap_or(usize::MAX) / nodes.max(1)
}

/// The limit of this process, as high as it may be: what is usual is low for the sake of programs that are much older.
#[cfg(unix)]
fn descriptors() -> Option<u64> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    // What cannot be raised stays as it is.
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }).ok();
    getrlimit(Resource::Nofile).current
}

#[cfg(not(unix))]
fn descriptors() -> Option<u64> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_share_what_is_left_of_descriptors() {
        let shares = [(64, 1), (1_024, 1), (1_024, 3), (1 << 20, 1), (0, 1)];
        assert_eq!(shares.map(|(descriptors, nodes)| share(descriptors, nodes)), [48, 768, 256, 1_048_320, 0]);
    }
}
