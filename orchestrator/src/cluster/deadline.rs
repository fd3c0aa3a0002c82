//! How long a caller waits, and how long a call may take therefore.

use std::time::Duration;
use tokio::time::Instant;
use tonic::metadata::MetadataMap;
use tonic::{Request, Status};

/// Longest wait of a poll.
pub(crate) const POLL_MAX: Duration = Duration::from_secs(60);
/// A poll with less time than this is refused: its answer could not arrive.
pub(crate) const POLL_MIN: Duration = Duration::from_secs(2);

/// A poll is answered this much earlier than its caller gives up.
pub(crate) const POLL_MARGIN: Duration = Duration::from_secs(1);

/// So much later than a poll waits at most its answer may come, if its caller waits for that.
const POLL_LATE: Duration = Duration::from_secs(30);

/// The caller's time limit by the header `grpc-timeout`, if it gives one.
#[must_use]
pub fn limit(metadata: &MetadataMap) -> Option<Duration> {
    let text = metadata.get("grpc-timeout")?.to_str().ok()?;
    let unit = text.chars().last()?;
    // At most eight digits, says the protocol.
    let number: u64 = text.strip_suffix(unit).filter(|digits| digits.len() <= 8)?.parse().ok()?;
    Some(match unit {
        'H' => Duration::from_secs(number.saturating_mul(3600)),
        'M' => Duration::from_secs(number.saturating_mul(60)),
        'S' => Duration::from_secs(number),
        'm' => Duration::from_millis(number),
        'u' => Duration::from_micros(number),
        'n' => Duration::from_nanos(number),
        _ => return None,
    })
}

/// How long a poll may wait on the server: less by [`POLL_MARGIN`] than its caller does, and at most [`POLL_MAX`].
///
/// # Errors
/// INVALID_ARGUMENT: the caller gives less than [`POLL_MIN`].
pub(crate) fn poll_limit(metadata: &MetadataMap) -> Result<Duration, Box<Status>> {
    match limit(metadata) {
        None => Ok(POLL_MAX),
        Some(limit) if limit < POLL_MIN => Err(Box::new(Status::invalid_argument("Context timeout is too short."))),
        Some(limit) => Ok((limit - POLL_MARGIN).min(POLL_MAX)),
    }
}

/// How long the answer to a poll may take within the cluster: as long as its caller waits, if that is not for ever. Between busy nodes
/// an answer may come late, and what is in it is not to be lost while the caller has the time.
///
/// # Errors
/// As [`poll_limit`].
pub(crate) fn poll_answer_limit(metadata: &MetadataMap) -> Result<Duration, Box<Status>> {
    let latest = poll_limit(metadata)? + POLL_LATE;
    Ok(limit(metadata).map_or(latest, |limit| limit.min(latest)))
}

/// The time limit of a call within the cluster.
#[derive(Clone, Copy, Debug)]
pub enum Limit {
    /// Everything has to be done by this moment: what is left until then travels along.
    Until(Instant),
    /// Every attempt may take this long.
    Each(Duration),
}

impl Limit {
    /// A request with this limit, sent now.
    pub fn on<T>(self, message: T) -> Request<T> {
        let mut request = Request::new(message);
        request.set_timeout(match self {
            Self::Until(until) => until.saturating_duration_since(Instant::now()),
            Self::Each(limit) => limit,
        });
        request
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn timeout(text: &str) -> MetadataMap {
        let mut map = MetadataMap::new();
        map.insert("grpc-timeout", text.parse().unwrap());
        map
    }

    #[test]
    fn deadlines() {
        assert_eq!(limit(&timeout("70S")), Some(Duration::from_secs(70)));
        assert_eq!(limit(&timeout("1500m")), Some(Duration::from_millis(1500)));
        assert_eq!(limit(&timeout("70x")), None);
        assert_eq!(limit(&timeout("123456789H")), None);
        assert_eq!(poll_limit(&timeout("10S")).unwrap(), Duration::from_secs(9));
        assert_eq!(poll_limit(&timeout("90000000u")).unwrap(), POLL_MAX);
        assert_eq!(poll_limit(&MetadataMap::new()).unwrap(), POLL_MAX);
        assert!(poll_limit(&timeout("1999m")).is_err());
    }

    #[test]
    fn the_answer_to_a_poll_may_take_as_long_as_its_caller_waits() {
        let of = |text: &str| poll_answer_limit(&timeout(text)).map(|limit| limit.as_secs()).ok();
        assert_eq!(
            (of("10S"), of("70S"), of("90S"), of("1H"), of("1S")),
            (Some(10), Some(70), Some(90), Some(90), None)
        );
        assert_eq!(poll_answer_limit(&MetadataMap::new()).unwrap(), POLL_MAX + POLL_LATE);
    }
}
