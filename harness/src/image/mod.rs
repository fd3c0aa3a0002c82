//! An image of Cassandra for machines that can fetch none: made of the packages that Maven has, of a Java that the local JDK
//! cuts to size, and of the few libraries of this system that both need.
//!
//! It is called as the public image is and honours the same variables, so nothing that uses it can tell one from the other,
//! and where the public image is there already it is left alone. The finished file system is cached: a new engine, or one that
//! forgot its images, gets it in seconds.

mod error;
mod rootfs;

use crate::engine::{self, CASSANDRA, docker};
use crate::setup::{Installed, cache};
pub use error::Error;
use error::system;
pub use rootfs::VERSION;
use std::fs;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};
use xxhash_rust::xxh3::xxh3_64;

/// Its image without an archive of classes, while that is being made.
const PLAIN: &str = "resurgam-cassandra-plain:5.0";
/// Which content an image of ours was made of.
const LABEL: &str = "dev.resurgam.image";
/// How long the first start may take.
const PATIENCE: Duration = Duration::from_secs(180);
/// Where the first start writes the archive of its classes.
const ARCHIVE: &str = "/tmp/classes.jsa";

/// Makes the image, if the engine does not have it. `progress` gets a line for each step.
///
/// # Errors
/// The engine, Maven or a JDK is missing, or one of them failed.
pub fn install(progress: &mut dyn FnMut(&str)) -> Result<Installed, Error> {
    install_in(&cache(), progress)
}

fn install_in(cache: &Path, progress: &mut dyn FnMut(&str)) -> Result<Installed, Error> {
    engine::running()?;
    let content = content();
    if present(&content) {
        return Ok(Installed::Already);
    }
    let begun = Instant::now();
    let directory = cache.join(format!("cassandra-{VERSION}"));
    fs::create_dir_all(&directory).map_err(system(&directory.display().to_string()))?;
    let finished = directory.join(format!("image-{content}.tar"));
    if !finished.is_file() {
        let work = tempfile::Builder::new().prefix(".new-").tempdir_in(&directory).map_err(system("no directory"))?;
        let made = build(work.path(), progress)?;
        fs::rename(&made, &finished).map_err(system("the image cannot be moved to its place"))?;
    }
    progress(&format!("docker import {CASSANDRA}"));
    import(&finished, CASSANDRA, &content)?;
    Ok(Installed::Built(begun.elapsed()))
}

/// What an image is made of, as one word.
fn content() -> String {
    let parts = [VERSION, rootfs::ENTRYPOINT, rootfs::SETTINGS, rootfs::LOGBACK, rootfs::OPTIONS, rootfs::MODULES];
    format!("{:016x}", xxh3_64(parts.join("\0").as_bytes()))
}

/// Whether the engine has the image: one of ours with this content, or one of somebody else's.
fn present(content: &str) -> bool {
    let format = format!("{{{{index .Config.Labels \"{LABEL}\"}}}}");
    let label = docker(["image", "inspect", "--format", &format, CASSANDRA]);
    label.is_ok_and(|label| label.is_empty() || label == "<no value>" || label == content)
}

fn import(file: &Path, tag: &str, content: &str) -> Result<(), Error> {
    let label = format!("LABEL {LABEL}={content}");
    let changes = ["ENTRYPOINT [\"/entrypoint.sh\"]", "EXPOSE 7000 9042", "VOLUME /var/lib/cassandra", &label];
    let file = file.display().to_string();
    let changes = changes.into_iter().flat_map(|change| ["--change", change]);
    let args = std::iter::once("import").chain(changes).chain([file.as_str(), tag]);
    docker(args).map(drop).map_err(system("docker import"))
}

/// Makes the file system, with an archive of the classes that a start loads: with it the next one takes two thirds of the time.
fn build(work: &Path, progress: &mut dyn FnMut(&str)) -> Result<PathBuf, Error> {
    let root = rootfs::assemble(work, progress)?;
    let plain = rootfs::pack(&root, &work.join("plain.tar"))?;
    progress("docker import, without an archive of classes yet");
    import(&plain, PLAIN, "plain")?;
    progress("a first start, to see which classes it loads");
    let archived = archive(&root.join("opt/cassandra/classes.jsa"));
    // The image without the archive is not needed any more. If it cannot be removed, that is no reason to fail.
    let _ = docker(["image", "rm", "--force", PLAIN]);
    archived?;
    rootfs::pack(&root, &work.join("image.tar"))
}

/// Starts Cassandra once and ends it, and takes the archive that it writes then.
fn archive(to: &Path) -> Result<(), Error> {
    let options = format!("JVM_EXTRA_OPTS=-XX:ArchiveClassesAtExit={ARCHIVE} -Dcassandra.ring_delay_ms=0");
    let started = docker(["run", "--detach", "--label", "dev.resurgam.setup=1", "--env", &options, PLAIN]);
    let id = started.map_err(system("the new image does not start"))?;
    let trained = train(&id, to);
    let _ = docker(["rm", "--force", "--volumes", &id]);
    trained
}

fn train(id: &str, to: &Path) -> Result<(), Error> {
    let begun = Instant::now();
    loop {
        let log = docker(["logs", id]).unwrap_or_default();
        if log.contains("Startup complete") {
            break;
        }
        let runs = docker(["inspect", "--format", "{{.State.Running}}", id]).is_ok_and(|said| said == "true");
        if !runs || begun.elapsed() > PATIENCE {
            let last: Vec<_> = log.lines().rev().take(5).collect();
            return Err(Error::Start(last.into_iter().rev().collect::<Vec<_>>().join(" | ")));
        }
        sleep(Duration::from_millis(500));
    }
    docker(["stop", "--time", "60", id]).map_err(system("docker stop"))?;
    let source = format!("{id}:{ARCHIVE}");
    docker(["cp", &source, &to.display().to_string()]).map(drop).map_err(system("no archive of classes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_content_names_all_parts() {
        assert_eq!(content().len(), 16);
        assert_eq!(content(), content());
    }
}
