//! The documentation of the calls that a node has to serve is that of the code.

use resurgam_node::calls::document;

#[test]
fn documented_calls_are_current() {
    let path = format!("{}/docs/node-calls.md", env!("CARGO_MANIFEST_DIR"));
    let documented = std::fs::read_to_string(&path).expect("it is committed");
    assert_eq!(documented, document(), "write it anew: resurgam new --calls > docs/node-calls.md");
}
