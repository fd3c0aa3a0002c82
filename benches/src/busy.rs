//! CPU time of a process, which other processes on the machine do not touch as they touch wall time.

use std::fs;
use std::time::Duration;

/// User and system time of this process so far, if the system tells; its grain is 10 ms.
#[must_use]
pub fn cpu_time() -> Option<Duration> {
    cpu_time_of("self")
}

/// The same of another process, by its id.
#[must_use]
pub fn cpu_time_of(process: &str) -> Option<Duration> {
    let text = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The second field is a name in parentheses and may have anything in it.
    let mut fields = text.rsplit_once(')')?.1.split_whitespace().skip(11);
    let mut ticks = || fields.next()?.parse::<u64>().ok();
    // 100 ticks a second is what Linux tells programs on every architecture.
    Some(Duration::from_millis((ticks()? + ticks()?) * 10))
}

#[cfg(test)]
mod tests {
    use super::cpu_time;

    #[test]
    #[cfg(target_os = "linux")]
    fn work_takes_time() {
        let before = cpu_time().unwrap();
        let mut sum = 0_u64;
        while cpu_time().unwrap() < before + std::time::Duration::from_millis(30) {
            sum = std::hint::black_box(sum.wrapping_add(1));
        }
    }
}
