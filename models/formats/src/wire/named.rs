//! What a file is that holds no evidence, told by how it begins: a line that says more than where reading it failed.

/// How files begin that people may give by mistake.
const MAGIC: [(&[u8], &str); 14] = [
    (b"PK\x03\x04", "a zip archive"),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd, which is not read here; decompress it"),
    (b"\xfd7zXZ\x00", "compressed with xz, which is not read here; decompress it"),
    (b"BZh", "compressed with bzip2, which is not read here; decompress it"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive, which is not read here; unpack it"),
    (b"\x89PNG", "a picture (PNG)"),
    (b"\xff\xd8\xff", "a picture (JPEG)"),
    (b"GIF8", "a picture (GIF)"),
    (b"%PDF", "a PDF document"),
    (b"\x7fELF", "a program (ELF)"),
    (b"SQLite format 3", "a database (SQLite)"),
    (b"PAR1", "a table (Parquet)"),
    (b"\xff\xfe", "UTF-16; JSON is UTF-8"),
    (b"\xfe\xff", "UTF-16; JSON is UTF-8"),
];

/// What these bytes are, if they are known and no text.
pub(super) fn bytes(bytes: &[u8]) -> Option<&'static str> {
    MAGIC.iter().find(|(magic, _)| bytes.starts_with(magic)).map(|(_, what)| *what)
}

/// What a text is, if it is known and no JSON.
pub(super) fn text(text: &str) -> Option<&'static str> {
    let start = text.trim_start();
    let head: String = start.chars().take(2000).collect();
    let operations = [":invoke", ":process"].iter().any(|word| head.contains(word));
    match start {
        _ if operations => Some("a history of operations on an object; say which with --model"),
        _ if start.starts_with("%PDF") => bytes(start.as_bytes()),
        _ if start.starts_with("<!doctype html")
            || start.starts_with("<!DOCTYPE html")
            || start.starts_with("<html") =>
        {
            Some("a page (HTML)")
        }
        _ if start.starts_with('<') => Some("XML or HTML"),
        _ if start.starts_with("---\n") || start.starts_with("events:\n") || start.starts_with("- eventId:") => {
            Some("YAML, which is not read here; export it as JSON")
        }
        _ if start.starts_with("Progress:") || head.contains("  ID  ") && head.contains("Type") => {
            Some("the table that is meant for people; ask for --output json")
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_give_by_mistake_is_named() {
        assert_eq!(bytes(b"\x89PNG\r\n"), Some("a picture (PNG)"));
        assert_eq!(text("\n<?xml version=\"1.0\"?>"), Some("XML or HTML"));
        assert!(text("{:process 0, :type :invoke}").unwrap().contains("--model"));
        assert!(text("INFO jepsen.util - 0 :invoke :read nil").unwrap().contains("--model"));
        assert!(text("Progress:\n  ID           Time                     Type").unwrap().contains("--output json"));
        assert_eq!((bytes(b"{}"), text("hello")), (None, None));
    }
}
