//! What panicked first on a simulated thread. Tokio reports only that some task did; this keeps the words and the place.
//!
//! It replaces the panic hook of the process once, by one that passes everything of other threads on.

use std::cell::{Cell, RefCell};
use std::panic::{self, PanicHookInfo};
use std::sync::Once;

thread_local! {
    static WATCHED: Cell<bool> = const { Cell::new(false) };
    static FIRST: RefCell<Option<String>> = const { RefCell::new(None) };
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
    let words = info.payload_as_str().unwrap_or("a panic without words");
    let text = info.location().map_or_else(|| words.to_owned(), |place| format!("{words} ({place})"));
    FIRST.with_borrow_mut(|first| {
        first.get_or_insert(text);
    });
}

/// The first panic since [`watch`], if there was one.
pub(crate) fn first() -> Option<String> {
    FIRST.with_borrow(Clone::clone)
}
