//! `resurgam new`: a crate with an orchestrator in it that compiles, and the test that finds out what it does not do yet.

use crate::Ended;
use crate::exit::{Exit, Failure, print};
use std::fs;
use std::path::{Path, PathBuf};

/// The files of the crate, by their paths in it.
const FILES: &[(&str, &str)] = &[
    ("Cargo.toml", include_str!("new/Cargo.toml.txt")),
    (".cargo/config.toml", include_str!("new/config.toml.txt")),
    (".gitignore", "/target\n"),
    ("src/lib.rs", include_str!("new/lib.rs.txt")),
    ("tests/resurgam.rs", include_str!("new/test.rs.txt")),
];

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The directory to be made; its last part is the name of the crate.
    #[arg(required_unless_present = "calls")]
    directory: Option<PathBuf>,
    /// Where the crates of Resurgam are [default: the tree that this program was built from].
    #[arg(long, value_name = "DIR")]
    resurgam: Option<PathBuf>,
    /// Take the crates of Resurgam from this repository instead of a directory.
    #[arg(long, value_name = "URL", conflicts_with = "resurgam")]
    git: Option<String>,
    /// Only print which calls a node has to serve, as Markdown.
    #[arg(long)]
    calls: bool,
}

/// Runs the command.
pub(crate) fn run(args: &Args) -> Ended {
    if args.calls {
        print(&resurgam_node::calls::document());
        return Ok(Exit::Held);
    }
    let directory = args.directory.as_deref().ok_or("which directory?")?;
    let name = crate_name(directory)?;
    let from = source(args)?;
    if directory.exists() {
        return Err(format!("{} is there already", directory.display()).into());
    }
    for (path, text) in FILES {
        let path = directory.join(path);
        let wrong = |why: std::io::Error| Failure::Machine(format!("{}: {why}", path.display()));
        fs::create_dir_all(path.parent().unwrap_or(directory)).map_err(wrong)?;
        fs::write(&path, filled(text, &name, &from)).map_err(wrong)?;
    }
    let shown = directory.display();
    print(&format!(
        "{shown}: an orchestrator that serves nothing yet\n\
         first:  cd {shown} && cargo test      # compiles for some minutes, then says which call is missing\n\
         then:   fill in src/lib.rs, call by call; examples/naive in Resurgam's tree is a whole one\n"
    ));
    Ok(Exit::Held)
}

/// The name of the crate: the last part of the directory, if it can be one.
fn crate_name(directory: &Path) -> Result<String, String> {
    let name = directory.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let letter = name.chars().next().is_some_and(|first| first.is_ascii_lowercase());
    let rest = name.chars().all(|one| one.is_ascii_lowercase() || one.is_ascii_digit() || "-_".contains(one));
    if letter && rest {
        return Ok(name);
    }
    Err(format!("{name:?} cannot be the name of a crate: small letters, digits, - and _"))
}

/// The dependencies on crates of Resurgam, for a place in `Cargo.toml`.
fn source(args: &Args) -> Result<impl Fn(&str) -> String + use<>, String> {
    let git = args.git.clone();
    let tree = args.resurgam.clone().unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")));
    if git.is_none() && !tree.join("node/Cargo.toml").is_file() {
        return Err(format!("{}: not a tree of Resurgam; name one with --resurgam, or --git", tree.display()));
    }
    let tree =
        if git.is_none() { tree.canonicalize().map_err(|why| format!("{}: {why}", tree.display()))? } else { tree };
    Ok(move |folder: &str| match &git {
        Some(url) => format!("git = {url:?}"),
        None => format!("path = {:?}", tree.join(folder).display().to_string()),
    })
}

fn filled(text: &str, name: &str, from: &impl Fn(&str) -> String) -> String {
    let kind = name.split(['-', '_']).map(|part| {
        let mut letters = part.chars();
        letters.next().map(|first| first.to_ascii_uppercase().to_string() + letters.as_str()).unwrap_or_default()
    });
    text.replace("{name}", name)
        .replace("{module}", &name.replace('-', "_"))
        .replace("{Type}", &kind.collect::<String>())
        .replace("{node}", &from("node"))
        .replace("{harness}", &from("harness"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_crates() {
        assert_eq!(crate_name(Path::new("/tmp/mine-2")).as_deref(), Ok("mine-2"));
        for wrong in ["/tmp/Mine", "/", "/tmp/2mine", "/tmp/mi ne"] {
            assert!(crate_name(Path::new(wrong)).is_err(), "{wrong}");
        }
        let from = |folder: &str| format!("path = \"/r/{folder}\"");
        assert_eq!(
            filled("{Type} = { {node} } # {module}", "my-own", &from),
            "MyOwn = { path = \"/r/node\" } # my_own"
        );
    }
}
