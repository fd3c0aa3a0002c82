//! A process that outlives us by a moment: it waits until its standard input ends, which no way of dying can prevent, and
//! removes the containers that bear our label.

use crate::owner::LABEL;
use std::io::{self, Write as _};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};

/// Twice, as a container may have been asked for just before and be there only now; once for whoever says goodbye, and has
/// removed what it had.
const SCRIPT: &str = r#"
read -r goodbye
for pause in 0 1; do
    sleep "$pause"
    left=$(docker ps --all --quiet --filter "label=$1")
    [ -z "$left" ] || docker rm --force --volumes $left
    [ -z "$goodbye" ] || break
done
"#;

/// Removes what bears a name when it is dropped, and also when nobody is left to drop it.
#[derive(Debug)]
pub(crate) struct Guardian {
    child: Child,
}

impl Guardian {
    /// For everything that bears this name.
    pub(crate) fn of(name: &str) -> io::Result<Self> {
        let child = Command::new("sh")
            .args(["-c", SCRIPT, "guardian", &format!("{LABEL}={name}")])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // What is sent to us by Ctrl-C is not for it.
            .process_group(0)
            .spawn()?;
        Ok(Self { child })
    }
}

impl Drop for Guardian {
    fn drop(&mut self) {
        if let Some(mut stdin) = self.child.stdin.take() {
            // If it does not hear it, it looks twice.
            let _ = stdin.write_all(b"goodbye\n");
        }
        // It ends: nothing in it waits for anybody but the engine.
        let _ = self.child.wait();
    }
}
