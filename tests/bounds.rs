//! The documentation of what a node holds at most is that of the code.

use std::process::Command;

#[test]
fn documented_bounds_are_current() {
    let path = format!("{}/docs/bounds.md", env!("CARGO_MANIFEST_DIR"));
    let documented = std::fs::read_to_string(&path).expect("it is committed");
    let said = Command::new(env!("CARGO_BIN_EXE_resurgam")).args(["server", "--bounds"]).output().expect("it runs");
    let said = String::from_utf8(said.stdout).expect("it is text");
    assert_eq!(documented, said, "write it anew: resurgam server --bounds > docs/bounds.md");
}
