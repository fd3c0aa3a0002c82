//! What panicked first on a simulated thread, and whose panic it is. Tokio reports only that some task did, and whoever
//! catches a panic hides it; this sees it before anybody can.
//!
//! It replaces the panic hook of the process once, by one that passes everything of other threads on.

use crate::clock;
use crate::fabric::{DRIVER, HostIndex};
use resurgam_api::environment::BROKEN;
use std::cell::{Cell, RefCell};
use std::panic::{self, Location, PanicHookInfo};
use std::sync::Once;

/// A panic, and whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Panic {
    /// The host whose code it was; `None`: the suite's own.
    pub(crate) host: Option<HostIndex>,
    /// Its words and place.
    pub(crate) words: String,
    /// What may be recorded of it.
    pub(crate) told: String,
}

thread_local! {
    static WATCHED: Cell<bool> = const { Cell::new(false) };
    static FIRST: RefCell<Option<Panic>> = const { RefCell::new(None) };
}

static HOOK: Once = Once::new();

/// Keeps the first panic of this thread from now on, and prints none.
pub(crate) fn watch() {
    HOOK.call_once(|| {
        let others = panic::take_hook();
        panic::set_hook(Box::new(
            move |info| {
                if WATCHED.try_with(Cell::get).unwrap_or(false) { keep(info) } else { others(info) }
            },
        ));
    });
    WATCHED.set(true);
    FIRST.take();
}

fn keep(info: &PanicHookInfo<'_>) {
    let said = info.payload_as_str().unwrap_or("a panic without words");
    let words = info.location().map_or_else(|| said.to_owned(), |place| format!("{said} ({place})"));
    let host = clock::here().filter(|host| *host != DRIVER && !info.location().is_some_and(is_ours));
    let told = if said.starts_with(BROKEN) { said.to_owned() } else { whereabouts(info.location()) };
    FIRST.with_borrow_mut(|first| {
        first.get_or_insert(Panic { host, words, told });
    });
}

/// The first panic since [`watch`], if there was one.
pub(crate) fn first() -> Option<Panic> {
    FIRST.with_borrow(Clone::clone)
}

/// Code of the suite, or of its network, that runs on a node's host: the store that the node sees, for one.
fn is_ours(place: &Location<'_>) -> bool {
    let root = file!().rfind("harness/simulation/").map_or("", |at| &file!()[..at]);
    let inside = place.file().strip_prefix(root);
    let ours = ["harness/src/", "harness/simulation/src/", "harness/interpose/", "harness/builtin/src/", "models/"];
    inside.is_some_and(|file| ours.iter().any(|folder| file.starts_with(folder))) || place.file().contains("/turmoil-")
}

/// Where a panic was that is no assertion: the line, if it is in a crate that is compiled from its own folder. Paths of
/// libraries are those of somebody's machine.
fn whereabouts(place: Option<&Location<'_>>) -> String {
    match place.filter(|place| !place.file().starts_with('/')) {
        Some(place) => format!("panicked at {}:{}", place.file(), place.line()),
        None => "panicked in a library".to_owned(),
    }
}
