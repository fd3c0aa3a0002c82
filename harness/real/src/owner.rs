//! Who a container belongs to: a process, by its number and the moment of its start, so that a number that is used again
//! is not taken for it.

use crate::Error;
use bollard::Docker;
use bollard::query_parameters::{ListContainersOptionsBuilder, RemoveContainerOptionsBuilder};
use std::collections::HashMap;
use std::fs;
use std::sync::atomic::{AtomicU32, Ordering};

/// The label that names the owner.
pub(crate) const LABEL: &str = "dev.resurgam.owner";

static NEXT: AtomicU32 = AtomicU32::new(0);

/// A new name for something of this process.
pub(crate) fn fresh() -> String {
    let pid = std::process::id();
    format!("{pid}-{}-{}", started(pid).unwrap_or_default(), NEXT.fetch_add(1, Ordering::Relaxed))
}

/// When a process was started, in ticks since the machine was; `None` if there is none.
fn started(pid: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name of the program is in parentheses, and may hold anything.
    stat.rsplit_once(')')?.1.split_whitespace().nth(19)?.parse().ok()
}

/// Whether the process that took this name is still there.
fn lives(name: &str) -> bool {
    let mut parts = name.split('-').map(str::parse::<u64>);
    let (Some(Ok(pid)), Some(Ok(start))) = (parts.next(), parts.next()) else { return false };
    u32::try_from(pid).ok().and_then(started) == Some(start)
}

/// Removes containers whose owners are gone; how many.
pub(crate) async fn sweep(docker: &Docker) -> Result<usize, Error> {
    let filters = HashMap::from([("label", vec![LABEL])]);
    let options = ListContainersOptionsBuilder::new().all(true).filters(&filters).build();
    let found = docker.list_containers(Some(options)).await;
    let found = found.map_err(|problem| Error::engine("list containers", &problem))?;
    let mut removed = 0;
    for container in found {
        let owner = container.labels.unwrap_or_default().remove(LABEL).unwrap_or_default();
        let Some(id) = container.id.filter(|_| !lives(&owner)) else { continue };
        let options = RemoveContainerOptionsBuilder::new().force(true).v(true).build();
        // Its guardian may be at it as well.
        removed += usize::from(docker.remove_container(&id, Some(options)).await.is_ok());
    }
    Ok(removed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_lives_as_long_as_its_number_and_start_are_the_same() {
        let own = fresh();
        assert!(lives(&own) && own != fresh());
        let (pid, start) = (std::process::id(), started(std::process::id()).unwrap());
        assert!(!lives(&format!("{pid}-{}-0", start + 1)), "its number was used again");
        for gone in ["", "x", "1", "4294967295-1-0", "-1-1"] {
            assert!(!lives(gone), "{gone}");
        }
    }
}
