//! Tasks in neutral words, by their parts.

use resurgam_formats::audit::{TimerTask as TimerRow, TimerTaskKind, TransferTask as TransferRow, TransferTaskKind};
use resurgam_formats::time::UnixMillis;

pub(super) fn timer_row(what: TimerTaskKind, event: i64, attempt: u32, due: UnixMillis) -> TimerRow {
    TimerRow { what, event, attempt, since: 0, due }
}

pub(super) fn transfer_row(what: TransferTaskKind, event: i64, attempt: i32) -> TransferRow {
    TransferRow { what, event, attempt: number(attempt) }
}

pub(super) fn number(attempt: i32) -> u32 {
    u32::try_from(attempt).unwrap_or_default()
}
