//! The documentation of which calls are served is that of the code.

use std::process::Command;

#[test]
fn documented_calls_are_current() {
    let path = format!("{}/docs/served-calls.md", env!("CARGO_MANIFEST_DIR"));
    let documented = std::fs::read_to_string(&path).expect("it is committed");
    let said = Command::new(env!("CARGO_BIN_EXE_resurgam")).args(["server", "--calls"]).output().expect("it runs");
    let said = String::from_utf8(said.stdout).expect("it is text");
    assert_eq!(documented, said, "write it anew: resurgam server --calls > docs/served-calls.md");
}
