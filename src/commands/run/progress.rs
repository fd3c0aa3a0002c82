//! How far a run is: a bar, or now and then a line where nobody sees one.

use crate::exit::print;
use indicatif::{ProgressBar, ProgressStyle};
use resurgam_formats::verdict::Outcome;
use resurgam_harness::run::Event;
use std::io::Write as _;
use std::time::Duration;

/// Without a terminal, a line of progress after this many cases.
const LINE: u64 = 100;

/// Shows how far a run is.
pub(super) struct Progress {
    bar: ProgressBar,
    violated: u64,
    unknown: u64,
}

impl Progress {
    pub(super) fn new(cases: Option<u64>) -> Self {
        let bar = cases.map_or_else(ProgressBar::no_length, ProgressBar::new);
        let template = "{bar:30} {pos}/{len} cases  {msg}  {elapsed} ({per_sec})";
        bar.set_style(ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.enable_steady_tick(Duration::from_millis(500));
        Self { bar, violated: 0, unknown: 0 }
    }

    pub(super) fn show(&mut self, event: Event<'_>) {
        match event {
            Event::Case(case) => {
                self.bar.inc(1);
                self.violated += u64::from(case.worst() == Outcome::Violated);
                self.unknown += u64::from(case.worst() == Outcome::Unknown);
                let so_far = format!("{} violated, {} unknown", self.violated, self.unknown);
                // Where nobody sees the bar, in the log of a nightly run, a line now and then says how far it is.
                let ended = self.bar.position();
                if self.bar.is_hidden() && ended.is_multiple_of(LINE) {
                    print(&format!("{ended} cases ended, {so_far}\n"));
                }
                self.bar.set_message(so_far);
            }
            Event::Short(short) => self.bar.suspend(|| {
                // If standard error is closed, the report says it all the same.
                let _ = writeln!(std::io::stderr(), "resurgam: {short}");
            }),
            Event::Shrinking(left) => self.bar.set_message(format!("shrinking {left}")),
        }
    }

    pub(super) fn end(&self) {
        self.bar.finish_and_clear();
    }
}
