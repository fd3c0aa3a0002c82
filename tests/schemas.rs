//! The schemas in the documentation are those of the build. Written anew by
//! `resurgam schema FORMAT > docs/schemas/FORMAT.json`.

use std::process::Command;

#[test]
fn documented_schemas_are_current() {
    for format in ["plan", "recording", "verdict", "case", "results", "summary", "program", "comparison"] {
        let shown = Command::new(env!("CARGO_BIN_EXE_resurgam")).args(["schema", format]).output().unwrap();
        assert!(shown.status.success());
        let path = format!("{}/docs/schemas/{format}.json", env!("CARGO_MANIFEST_DIR"));
        let documented = std::fs::read_to_string(&path).unwrap();
        let shown = String::from_utf8(shown.stdout).unwrap();
        assert!(shown.contains("\"$schema\"") && shown.lines().count() > 20);
        assert!(documented == shown, "write it anew: resurgam schema {format} > docs/schemas/{format}.json");
    }
}
