//! Committed samples of everything that decoders read. Each is read without a complaint as it is, which `tests/fuzz.rs` asserts.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use prost::Message as _;
use resurgam_api::json::event_from_json;
use resurgam_api::temporal::history::v1::History;
use serde_json::{Value, json};
use std::fs::{self, File};
use std::io::{Cursor, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// How many recordings are taken, the smallest first.
const RECORDINGS: usize = 12;
/// How many lines of a recording, or events of a history, a decoder needs to see.
const FEW: usize = 7;

/// Recordings of cases, whole.
pub static RECORDINGS_WHOLE: LazyLock<Vec<String>> = LazyLock::new(|| {
    let mut files = in_folder("scenarios/fixtures", "gz");
    files.sort_by_key(|path| fs::metadata(path).map_or(0, |it| it.len()));
    let mut files: Vec<PathBuf> = files.into_iter().take(RECORDINGS).collect();
    files.extend(in_folder("fuzz/samples", "gz"));
    let text = |path: &PathBuf| {
        let mut text = String::new();
        GzDecoder::new(open(path)).read_to_string(&mut text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        text
    };
    files.iter().map(text).collect()
});

/// Recordings, cut to a few lines of each type.
pub static RECORDINGS_SHORT: LazyLock<Vec<Vec<u8>>> =
    LazyLock::new(|| RECORDINGS_WHOLE.iter().map(|text| short(text).into_bytes()).collect());

/// Histories as JSON, of Temporal and of Cadence.
pub static HISTORIES: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let histories = RECORDINGS_WHOLE.iter().filter_map(|text| events(text));
    let mut all: Vec<Vec<u8>> = histories.map(|events| json!({ "events": events }).to_string().into_bytes()).collect();
    let listed: Vec<Value> = RECORDINGS_WHOLE.iter().filter_map(|text| events(text)).take(2).flatten().collect();
    all.push(Value::from(listed).to_string().into_bytes());
    all.extend(CADENCE.iter().cloned());
    all
});

/// Histories of Cadence.
static CADENCE: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| vec![sample("cadence.json")]);

/// Plans that are committed as witnesses, the smallest first.
pub static PLANS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let mut all: Vec<Vec<u8>> = in_folder("scenarios/witnesses", "json").iter().map(|path| bytes(path)).collect();
    all.sort_by_key(Vec::len);
    all
});

/// What is in `case.json`.
pub static CASES: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| vec![sample("case.json")]);

/// Scenarios that have a name.
pub static SCENARIOS: LazyLock<Vec<Vec<u8>>> =
    LazyLock::new(|| in_folder("scenarios/written", "toml").iter().map(|path| bytes(path)).collect());

/// Archives, compressed files, and protobuf in all its forms.
pub static PACKED: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let mut all = Vec::new();
    let with_history = RECORDINGS_WHOLE.iter().filter_map(|text| Some((text, events(text)?)));
    for (text, events) in with_history.take(4) {
        let events = events.iter().take(4).filter_map(|event| event_from_json(event).ok()).collect();
        let history = History { events };
        let plain = history.encode_to_vec();
        all.push(history.encode_length_delimited_to_vec());
        all.push(history.events.iter().flat_map(|event| event.encode_length_delimited_to_vec()).collect());
        all.push(gzip(&plain));
        all.push(zip(&[("a.json", short(text).as_bytes()), ("b.binpb", &plain)]));
        all.push(plain);
    }
    let words: Vec<u8> =
        STANDARD.encode(&all[4]).into_bytes().chunks(76).flat_map(|line| [line, b"\n"].concat()).collect();
    all.push(words);
    all
});

/// Questions about workflows, one each.
pub(crate) static QUERIES: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| sample_lines("queries.txt"));

/// Cron strings, one each.
pub(crate) static CRONS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| sample_lines("crons.txt"));

/// Histories of objects, in EDN and as lines of a log.
pub static OBJECTS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let edn = |function: &str, asked: &str, answer: &str| {
        format!(
            "{{:process 0, :type :invoke, :f :{function}, :key 1, :value {asked}}}\n\
             {{:process 1, :type :invoke, :f :{function}, :key 1, :value {asked}}}\n\
             {{:process 0, :type :ok, :f :{function}, :key 1, :value {answer}}}\n\
             {{:process 1, :type :info, :f :{function}, :key 1, :value :timed-out}}\n"
        )
    };
    let calls = [
        ("read", "nil", "3"),
        ("write", "4", "4"),
        ("cas", "[3 4]", "[3 4]"),
        ("txn", "[[:r x nil] [:w y 2]]", "[[:r x 1] [:w y 2]]"),
        ("acquire", "nil", "nil"),
        ("append", "\"a b\"", "\"a b\""),
        ("get", "nil", "\"a \\\"b\""),
        ("put", "[1 \"x\"]", "[1 \"x\"]"),
    ];
    let mut all: Vec<Vec<u8>> = calls.iter().map(|(of, asked, answer)| edn(of, asked, answer).into_bytes()).collect();
    all.push(
        b"#jepsen.history.Op{:index 0, :time 3, :type :invoke, :process 0, :f :read, :value nil} ; a note\n".to_vec(),
    );
    let lines = ["0\t:invoke\t:write\t1", "1\t:invoke\t:cas\t[1 2]", "0\t:ok\t:write\t1", "1\t:fail\t:cas\t[1 2]"];
    all.push(lines.map(|line| format!("INFO  jepsen.util - {line}\n")).concat().into_bytes());
    all
});

/// The same bytes, compressed.
fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
    packer.write_all(bytes).and_then(|()| packer.finish()).unwrap_or_else(|e| panic!("in memory: {e}"))
}

fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        let added = archive.start_file(*name, SimpleFileOptions::default());
        added.unwrap_or_else(|e| panic!("{name}: {e}"));
        archive.write_all(bytes).unwrap_or_else(|e| panic!("{name}: {e}"));
    }
    archive.finish().unwrap_or_else(|e| panic!("in memory: {e}")).into_inner()
}

/// The first events of the last history in a recording.
fn events(text: &str) -> Option<Vec<Value>> {
    let line = text.lines().rfind(|line| line.contains(r#""type":"history""#))?;
    let line: Value = serde_json::from_str(line).ok()?;
    Some(line["events"].as_array()?.iter().take(FEW).cloned().collect())
}

/// The first lines of a recording, the last ones, and between them a history of a few events.
fn short(text: &str) -> String {
    let mut all: Vec<String> = text.lines().take(FEW).map(str::to_owned).collect();
    let history = text.lines().rfind(|line| line.contains(r#""type":"history""#));
    if let Some(mut line) = history.and_then(|line| serde_json::from_str::<Value>(line).ok()) {
        line["events"] = events(text).unwrap_or_default().into();
        all.push(line.to_string());
    }
    all.extend(text.lines().next_back().map(str::to_owned));
    all.iter().map(|line| format!("{line}\n")).collect()
}

/// The files of a folder of the tree with this ending, by name.
fn in_folder(folder: &str, ending: &str) -> Vec<PathBuf> {
    let folder = root().join(folder);
    let entries = fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut all: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    all.retain(|path| path.extension().is_some_and(|found| found == ending));
    all.sort();
    all
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn open(path: &Path) -> File {
    File::open(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn bytes(path: &Path) -> Vec<u8> {
    fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn sample(name: &str) -> Vec<u8> {
    bytes(&root().join("fuzz/samples").join(name))
}

fn sample_lines(name: &str) -> Vec<Vec<u8>> {
    String::from_utf8_lossy(&sample(name)).lines().map(|line| line.as_bytes().to_vec()).collect()
}
