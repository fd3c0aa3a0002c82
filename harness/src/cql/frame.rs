//! One frame of CQL's binary protocol, version 4: nine bytes, of which the last four say how long the body is.
//! Source: doc/native_protocol_v4.spec in Apache Cassandra's repository.

use bytes::Bytes;
use std::io;
use tokio::io::{AsyncRead, AsyncReadExt as _};

/// The most that a body has, in bytes.
const LONGEST: usize = 256 << 20;
/// The first byte of a request, and of an answer.
const REQUEST: u8 = 0x04;
pub(super) const ANSWER: u8 = 0x84;

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Frame {
    pub(super) version: u8,
    pub(super) flags: u8,
    /// Which of the requests in flight on a connection it is about.
    pub(super) stream: i16,
    pub(super) opcode: Opcode,
    pub(super) body: Bytes,
}

/// What a frame is, as far as that matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Opcode {
    Error,
    Query,
    Result,
    Prepare,
    Execute,
    Batch,
    Other(u8),
}

const OPCODES: &[(u8, Opcode)] = &[
    (0x00, Opcode::Error),
    (0x07, Opcode::Query),
    (0x08, Opcode::Result),
    (0x09, Opcode::Prepare),
    (0x0a, Opcode::Execute),
    (0x0d, Opcode::Batch),
];

impl Opcode {
    fn of(byte: u8) -> Self {
        OPCODES.iter().find(|(known, _)| *known == byte).map_or(Self::Other(byte), |(_, opcode)| *opcode)
    }

    fn byte(self) -> u8 {
        match self {
            Self::Other(byte) => byte,
            known => OPCODES.iter().find(|(_, opcode)| *opcode == known).map_or(0, |(byte, _)| *byte),
        }
    }
}

impl Frame {
    /// Reads the next one; none at the end of the connection.
    pub(super) async fn read(from: &mut (impl AsyncRead + Unpin)) -> io::Result<Option<Self>> {
        let mut head = [0; 9];
        match from.read_exact(&mut head).await {
            Err(problem) if problem.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            read => read?,
        };
        let [version, flags, high, low, opcode, length @ ..] = head;
        if version & 0x7f != REQUEST {
            // The driver takes an older version if it is told so, and this is how Cassandra's own port tells it.
            return Err(io::Error::other(format!("version {} of the protocol", version & 0x7f)));
        }
        let length = u32::from_be_bytes(length) as usize;
        if length > LONGEST {
            return Err(io::Error::other(format!("a frame of {length} bytes")));
        }
        let mut body = vec![0; length];
        from.read_exact(&mut body).await?;
        let (stream, opcode) = (i16::from_be_bytes([high, low]), Opcode::of(opcode));
        Ok(Some(Self { version, flags, stream, opcode, body: body.into() }))
    }

    /// As it travels.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let [high, low] = self.stream.to_be_bytes();
        // Bodies are read with a limit far below.
        let length = (self.body.len() as u32).to_be_bytes();
        let mut bytes = vec![self.version, self.flags, high, low, self.opcode.byte()];
        bytes.extend(length);
        bytes.extend(&self.body);
        bytes
    }

    /// The same about another request.
    pub(super) fn on(&self, stream: i16) -> Self {
        Self { stream, ..self.clone() }
    }
}

/// Reads the parts of a body, one after the other.
pub(super) struct Parts<'a>(pub(super) &'a [u8]);

impl<'a> Parts<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (part, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(part)
    }

    pub(super) fn byte(&mut self) -> Option<u8> {
        self.take(1).map(|byte| byte[0])
    }

    pub(super) fn short(&mut self) -> Option<u16> {
        self.take(2).map(|bytes| u16::from_be_bytes([bytes[0], bytes[1]]))
    }

    pub(super) fn int(&mut self) -> Option<u32> {
        self.take(4).map(|bytes| u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
    }

    /// Bytes with a short length in front.
    pub(super) fn short_bytes(&mut self) -> Option<&'a [u8]> {
        let length = self.short()?;
        self.take(length.into())
    }

    /// A value: bytes with a long length in front, of which a negative one says that there are none.
    pub(super) fn value(&mut self) -> Option<&'a [u8]> {
        match self.int()? {
            0x8000_0000.. => Some(&[]),
            length => self.take(length as usize),
        }
    }

    /// Text with a long length in front.
    pub(super) fn long_text(&mut self) -> Option<&'a str> {
        let length = self.int()?;
        self.take(length as usize).and_then(|bytes| std::str::from_utf8(bytes).ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_read_is_what_was_written() {
        for opcode in (0..=0x10).map(Opcode::of) {
            let frame = Frame { version: REQUEST, flags: 2, stream: -2, opcode, body: Bytes::from_static(b"body") };
            let bytes = frame.bytes();
            let mut read = &bytes[..];
            assert_eq!(Frame::read(&mut read).await.unwrap(), Some(frame));
            assert_eq!(Frame::read(&mut read).await.unwrap(), None);
            assert!(Frame::read(&mut &bytes[..bytes.len() - 1]).await.is_err(), "it is cut");
        }
    }

    #[tokio::test]
    async fn another_version_is_not_understood() {
        assert!(Frame::read(&mut &[5, 0, 0, 0, 1, 0, 0, 0, 0][..]).await.is_err());
        assert!(Frame::read(&mut &[4, 0, 0, 0, 7, 0xff, 0, 0, 0][..]).await.is_err(), "it is too long");
    }
}
