//! Counts the requests in what an HTTP/2 client sends. A client of gRPC sends one HEADERS frame per call, and no trailers.

/// What every connection begins with (RFC 9113 §3.4).
const PREFACE: usize = 24;
/// Length, type, flags and stream of a frame (RFC 9113 §4.1).
const HEADER: usize = 9;
/// The type of a HEADERS frame.
const HEADERS: u8 = 1;

/// Where in the stream of bytes a client is.
pub(crate) struct Frames {
    /// Bytes until the next header begins.
    skip: usize,
    header: [u8; HEADER],
    /// How much of the header has come.
    filled: usize,
}

impl Frames {
    /// A new connection.
    pub(crate) fn new() -> Self {
        Self { skip: PREFACE, header: [0; HEADER], filled: 0 }
    }

    /// The client sends this; how many requests begin in it.
    pub(crate) fn requests(&mut self, mut bytes: &[u8]) -> u64 {
        let mut requests = 0;
        while !bytes.is_empty() {
            if self.skip > 0 {
                let skipped = self.skip.min(bytes.len());
                self.skip -= skipped;
                bytes = &bytes[skipped..];
                continue;
            }
            self.header[self.filled] = bytes[0];
            self.filled += 1;
            bytes = &bytes[1..];
            if self.filled == HEADER {
                let [high, middle, low, kind, ..] = self.header;
                self.skip = usize::from(high) << 16 | usize::from(middle) << 8 | usize::from(low);
                self.filled = 0;
                requests += u64::from(kind == HEADERS);
            }
        }
        requests
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(kind: u8, length: usize) -> Vec<u8> {
        let mut bytes = vec![0, (length >> 8) as u8, length as u8, kind, 0, 0, 0, 0, 1];
        bytes.resize(HEADER + length, HEADERS);
        bytes
    }

    #[test]
    fn a_request_is_counted_once_however_it_is_cut() {
        let mut sent = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
        assert_eq!(sent.len(), PREFACE);
        for (kind, length) in [(4, 0), (HEADERS, 300), (0, 700), (6, 8), (HEADERS, 0), (0, 5)] {
            sent.extend(frame(kind, length));
        }
        for size in [1, 2, 7, 100, sent.len()] {
            let mut frames = Frames::new();
            assert_eq!(sent.chunks(size).map(|chunk| frames.requests(chunk)).sum::<u64>(), 2, "in pieces of {size}");
        }
    }
}
