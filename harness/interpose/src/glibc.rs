//! The three functions of the C library, defined in front of it, and the way back to the real ones.
//!
//! The dynamic linker binds every caller of the program to these definitions, and `dlsym(RTLD_NEXT)` finds the ones
//! they hide. A statically linked program has no next one; there the system call is made.

use crate::state::{self, Clock};
use libc::{c_int, c_long, c_uint, c_void, clockid_t, size_t, ssize_t, timespec};
use std::ffi::CStr;
use std::sync::atomic::{AtomicPtr, Ordering};
use std::{mem, ptr, slice};

type GetRandom = unsafe extern "C" fn(*mut c_void, size_t, c_uint) -> ssize_t;
type GetEntropy = unsafe extern "C" fn(*mut c_void, size_t) -> c_int;
type ClockGettime = unsafe extern "C" fn(clockid_t, *mut timespec) -> c_int;

/// The definition that ours hides, looked up once.
struct Hidden {
    name: &'static CStr,
    found: AtomicPtr<c_void>,
}

/// Looked for and not there.
const ABSENT: *mut c_void = ptr::without_provenance_mut(usize::MAX);

impl Hidden {
    const fn new(name: &'static CStr) -> Self {
        Self { name, found: AtomicPtr::new(ptr::null_mut()) }
    }

    /// Its address, never null.
    fn address(&self) -> Option<*mut c_void> {
        let mut found = self.found.load(Ordering::Acquire);
        if found.is_null() {
            // SAFETY: the name is a C string; the call has no other condition.
            found = unsafe { libc::dlsym(libc::RTLD_NEXT, self.name.as_ptr()) };
            if found.is_null() {
                found = ABSENT;
            }
            self.found.store(found, Ordering::Release);
        }
        (found != ABSENT).then_some(found)
    }
}

static GET_RANDOM: Hidden = Hidden::new(c"getrandom");
static GET_ENTROPY: Hidden = Hidden::new(c"getentropy");
static CLOCK_GETTIME: Hidden = Hidden::new(c"clock_gettime");

/// # Safety
/// As getrandom(2): `buffer` has room for `length` bytes.
#[unsafe(no_mangle)]
unsafe extern "C" fn getrandom(buffer: *mut c_void, length: size_t, flags: c_uint) -> ssize_t {
    // SAFETY: the caller's promise.
    if unsafe { fill(buffer, length) } {
        return ssize_t::try_from(length).unwrap_or(ssize_t::MAX);
    }
    match GET_RANDOM.address() {
        // SAFETY: the C library's function of that name has this type; the caller's promise is passed on.
        Some(real) => unsafe { mem::transmute::<*mut c_void, GetRandom>(real)(buffer, length, flags) },
        // SAFETY: the system call with the caller's arguments.
        None => unsafe { libc::syscall(libc::SYS_getrandom, buffer, length, flags) as ssize_t },
    }
}

/// # Safety
/// As getentropy(3): `buffer` has room for `length` bytes.
#[unsafe(no_mangle)]
unsafe extern "C" fn getentropy(buffer: *mut c_void, length: size_t) -> c_int {
    // SAFETY: the caller's promise.
    if unsafe { fill(buffer, length) } {
        return 0;
    }
    match GET_ENTROPY.address() {
        // SAFETY: the C library's function of that name has this type; the caller's promise is passed on.
        Some(real) => unsafe { mem::transmute::<*mut c_void, GetEntropy>(real)(buffer, length) },
        None => {
            // SAFETY: the system call with the caller's arguments.
            let filled = unsafe { libc::syscall(libc::SYS_getrandom, buffer, length, 0) };
            if c_long::try_from(length) == Ok(filled) { 0 } else { -1 }
        }
    }
}

/// # Safety
/// As clock_gettime(2): `time` is null or points to a `timespec`.
#[unsafe(no_mangle)]
unsafe extern "C" fn clock_gettime(clock: clockid_t, time: *mut timespec) -> c_int {
    if let Some(simulated) = simulated(clock)
        && !time.is_null()
        && let Some(now) = state::read(simulated)
    {
        let now = timespec {
            tv_sec: libc::time_t::try_from(now.as_secs()).unwrap_or(libc::time_t::MAX),
            tv_nsec: c_long::from(now.subsec_nanos().cast_signed()),
        };
        // SAFETY: not null, so by the caller's promise it points to a `timespec`.
        unsafe { time.write(now) };
        return 0;
    }
    match CLOCK_GETTIME.address() {
        // SAFETY: the C library's function of that name has this type; the caller's promise is passed on.
        Some(real) => unsafe { mem::transmute::<*mut c_void, ClockGettime>(real)(clock, time) },
        // SAFETY: the system call with the caller's arguments.
        None => unsafe { libc::syscall(libc::SYS_clock_gettime, clock, time) as c_int },
    }
}

/// The coarse monotonic clock stays real: the allocator jemalloc reads it, in the middle of any allocation, to see what it has
/// not needed for a while. Rust's standard library and the crates of a simulation never do.
const fn simulated(clock: clockid_t) -> Option<Clock> {
    match clock {
        libc::CLOCK_REALTIME | libc::CLOCK_REALTIME_COARSE | libc::CLOCK_TAI => Some(Clock::Wall),
        libc::CLOCK_MONOTONIC | libc::CLOCK_MONOTONIC_RAW | libc::CLOCK_BOOTTIME => Some(Clock::Monotonic),
        _ => None,
    }
}

/// # Safety
/// `buffer` has room for `length` bytes.
unsafe fn fill(buffer: *mut c_void, length: size_t) -> bool {
    if length == 0 || buffer.is_null() {
        return state::random(&mut []);
    }
    // SAFETY: the caller's promise, and neither null nor empty. The bytes may be uninitialised, which is why they are
    // zeroed before a reference to them exists.
    let bytes = unsafe {
        if !state::is_simulated() {
            return false;
        }
        ptr::write_bytes(buffer.cast::<u8>(), 0, length);
        slice::from_raw_parts_mut(buffer.cast::<u8>(), length)
    };
    state::random(bytes)
}

/// One request, in the way the standard library and the crate getrandom make it: by the name, at run time.
pub(crate) fn ask_for_random_bytes() {
    let mut byte = 0_u8;
    // SAFETY: the name is a C string, and whatever is found under it has the type of getrandom(2).
    unsafe {
        let found = libc::dlsym(libc::RTLD_DEFAULT, c"getrandom".as_ptr());
        if !found.is_null() {
            mem::transmute::<*mut c_void, GetRandom>(found)(ptr::from_mut(&mut byte).cast(), 1, 0);
        }
    }
}
