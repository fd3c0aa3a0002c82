//! Which names task queues may have, wherever one is named: in the requests of clients and in the commands of workers. As in
//! temporalio/temporal, `common/tqid/task_queue_validator.go`.

/// How the names of queues begin that belong to the server.
const RESERVED: &str = "/_sys/";
/// The queue of the workers that the server itself has in a namespace, where it has some.
const OWN: &str = "temporal-sys-per-ns-tq";

/// What is wrong with a name, of so many bytes at most.
pub(crate) fn flaw(name: &str, most: usize) -> Option<String> {
    if name.is_empty() {
        Some("missing task queue name".to_owned())
    } else if name.len() > most {
        Some("taskQueue length exceeds limit".to_owned())
    } else {
        is_reserved(name).then(|| format!("task queue name cannot start with reserved prefix {RESERVED}"))
    }
}

/// What is wrong with it as the place of new work of a workflow of `parent`, which is empty if there is none.
pub(crate) fn flaw_of_work(name: &str, parent: &str, most: usize) -> Option<String> {
    flaw(name, most).or_else(|| {
        let parent_too =
            if parent.is_empty() { String::new() } else { format!(" (in parent component task queue: {parent})") };
        (name == OWN && parent != OWN)
            .then(|| format!("cannot use internal per-namespace task queue:{OWN}{parent_too}"))
    })
}

/// Whether it is the name of a part of a queue, which only the server gives.
pub(crate) fn is_reserved(name: &str) -> bool {
    name.starts_with(RESERVED)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_belongs_to_the_server_is_nobody_else_s() {
        let of = |name: &str| flaw_of_work(name, "mine", 1000);
        for fine in ["q", "_sys/q", " ", "nul\0", "temporal-sys-per-ns-tq-2", &"x".repeat(1000)] {
            assert_eq!(of(fine), None, "{fine:?}");
        }
        for bad in ["", "/_sys/", "/_sys/q/1", OWN, &"x".repeat(1001)] {
            assert!(of(bad).is_some(), "{bad:?}");
        }
        assert_eq!(flaw_of_work(OWN, OWN, 1000), None);
        assert_eq!(flaw(OWN, 1000), None, "its workers poll it");
    }
}
