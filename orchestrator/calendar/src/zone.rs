//! Time zones by name or by data.

use jiff::tz::{TimeZone, TimeZoneDatabase};
use resurgam_api::temporal::schedule::v1::ScheduleSpec;
use std::sync::LazyLock;

/// All that have a name.
static NAMED: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// The time zone of a specification; without any it is UTC.
///
/// # Errors
/// Nobody knows it, or its data say nothing.
pub(crate) fn of(spec: &ScheduleSpec) -> Result<TimeZone, String> {
    let name = spec.timezone_name.as_str();
    if !spec.timezone_data.is_empty() {
        return TimeZone::tzif(name, &spec.timezone_data).map_err(|_| "malformed time zone information".to_owned());
    }
    named(name)
}

/// The time zone of this name, as Go finds it where the local one is UTC.
///
/// # Errors
/// Nobody knows it.
pub(crate) fn named(name: &str) -> Result<TimeZone, String> {
    match name {
        "" | "UTC" | "Local" => Ok(TimeZone::UTC),
        _ if name.contains("..") || name.starts_with(['/', '\\']) => Err("time: invalid location name".to_owned()),
        // Upper and lower case count, as in the names of files.
        _ => NAMED
            .get(name)
            .ok()
            .filter(|zone| zone.iana_name() == Some(name))
            .ok_or_else(|| format!("unknown time zone {name}")),
    }
}
