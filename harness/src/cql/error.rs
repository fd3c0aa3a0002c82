//! Errors as Cassandra says them. Source: doc/native_protocol_v4.spec, section 9; what each leaves open is in
//! docs/cassandra-semantics.md, “What an answer says”.

use super::frame::{ANSWER, Frame, Opcode};
use resurgam_formats::plan::StoreCall;

const LOCAL_QUORUM: u16 = 0x0006;
const LOCAL_SERIAL: u16 = 0x0009;

/// Too few replicas were there to begin: certainly nothing was done.
pub(super) fn unavailable(stream: i16) -> Frame {
    let numbers = [2_u32.to_be_bytes(), 1_u32.to_be_bytes()].concat();
    error(stream, 0x1000, "Cannot achieve consistency level", &[&LOCAL_QUORUM.to_be_bytes()[..], &numbers].concat())
}

/// Somebody has too much to do: not every version of Paxos says so before it does anything.
pub(super) fn overloaded(stream: i16) -> Frame {
    error(stream, 0x1001, "Too many in flight hints", &[])
}

/// Too few replicas answered in time: whatever it was may have been done.
pub(super) fn timeout(stream: i16, call: StoreCall) -> Frame {
    let (code, level, rest) = match call {
        StoreCall::Commit => (0x1100, LOCAL_SERIAL, text("CAS")),
        StoreCall::Append => (0x1100, LOCAL_QUORUM, text("UNLOGGED_BATCH")),
        StoreCall::Read => (0x1200, LOCAL_QUORUM, vec![0]),
    };
    let numbers = [0_u32.to_be_bytes(), 1_u32.to_be_bytes()].concat();
    error(stream, code, "Operation timed out", &[&level.to_be_bytes()[..], &numbers, &rest].concat())
}

fn error(stream: i16, code: u32, message: &str, rest: &[u8]) -> Frame {
    let body = [&code.to_be_bytes()[..], &text(message), rest].concat();
    Frame { version: ANSWER, flags: 0, stream, opcode: Opcode::Error, body: body.into() }
}

/// Text with a short length in front.
fn text(text: &str) -> Vec<u8> {
    let length = (text.len() as u16).to_be_bytes();
    [&length[..], text.as_bytes()].concat()
}
