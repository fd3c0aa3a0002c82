//! The file system of the image: a Java, the jars, a shell, the libraries that they are linked with, and our configuration.

use super::error::{Error, system};
use crate::setup::{output, version_in, without_hosts};
use std::collections::BTreeSet;
use std::env::consts::ARCH;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The version of Cassandra that is packed.
pub const VERSION: &str = "5.0.9";
pub(super) const ENTRYPOINT: &str = include_str!("entrypoint.sh");
pub(super) const SETTINGS: &str = include_str!("settings.yaml");
pub(super) const LOGBACK: &str = include_str!("logback.xml");
pub(super) const OPTIONS: &str = include_str!("jvm.options");

/// What of Java is needed.
pub(super) const MODULES: &str = "java.se,jdk.unsupported,jdk.management,jdk.management.agent,jdk.zipfs,jdk.attach,\
                       jdk.naming.dns,jdk.naming.rmi,jdk.crypto.ec,jdk.net,jdk.charsets";
/// Jars that are for other systems, or for clients.
const UNUSED: [&str; 6] = ["osx", "windows", "riscv64", "kqueue", "cassandra-driver-core", "netty-resolver-dns-native"];
/// Libraries that are loaded by name, by Java or by what is inside the jars.
const BY_NAME: [&str; 6] =
    ["libpthread.so.0", "libdl.so.2", "librt.so.1", "libm.so.6", "libstdc++.so.6", "libgcc_s.so.1"];

/// Puts everything together below `work`; returns the root.
pub(super) fn assemble(work: &Path, progress: &mut dyn FnMut(&str)) -> Result<PathBuf, Error> {
    let root = work.join("root");
    for directory in
        ["bin", "dev", "etc", "opt/cassandra/conf", "opt/cassandra/lib", "proc", "sys", "tmp", "var/lib/cassandra"]
    {
        fs::create_dir_all(root.join(directory)).map_err(system(directory))?;
    }
    fs::set_permissions(root.join("tmp"), fs::Permissions::from_mode(0o1777)).map_err(system("tmp"))?;
    java(&root, progress)?;
    jars(work, &root, progress)?;
    let shell = fs::canonicalize("/bin/dash").or_else(|_| fs::canonicalize("/bin/sh")).map_err(system("no shell"))?;
    fs::copy(&shell, root.join("bin/sh")).map_err(system("no shell"))?;
    libraries(&root, &shell)?;
    for (name, text) in [
        ("entrypoint.sh", ENTRYPOINT),
        ("opt/cassandra/conf/settings.yaml", SETTINGS),
        ("opt/cassandra/conf/logback.xml", LOGBACK),
        ("opt/cassandra/conf/jvm.options", OPTIONS),
        ("etc/passwd", "root:x:0:0:root:/:/bin/sh\n"),
        ("etc/nsswitch.conf", "hosts: files dns\n"),
    ] {
        fs::write(root.join(name), text).map_err(system(name))?;
    }
    let executable = fs::Permissions::from_mode(0o755);
    fs::set_permissions(root.join("entrypoint.sh"), executable).map_err(system("entrypoint.sh"))?;
    Ok(root)
}

/// All of it as one file.
pub(super) fn pack(root: &Path, file: &Path) -> Result<PathBuf, Error> {
    let mut tar = Command::new("tar");
    tar.args(["--sort=name", "--owner=0", "--group=0", "--numeric-owner", "-C"])
        .arg(root)
        .arg("-cf")
        .arg(file)
        .arg(".");
    run("tar", "it packs the image", &mut tar)?;
    Ok(file.to_owned())
}

fn java(root: &Path, progress: &mut dyn FnMut(&str)) -> Result<(), Error> {
    const JDK: &str = "install a JDK with jlink (Debian: openjdk-17-jdk-headless)";
    let said = output("jlink", ["--version"]).map_err(|_| Error::Program("jlink", JDK))?;
    if !version_in(&said).is_some_and(|version| [11, 17].contains(&version.major)) {
        return Err(Error::Java(said.trim().to_owned()));
    }
    progress(&format!("jlink (Java {})", said.trim()));
    let to = root.join("opt/java");
    let mut jlink = Command::new("jlink");
    jlink.args(["--add-modules", MODULES, "--strip-debug", "--no-header-files", "--no-man-pages", "--compress=0"]);
    run("jlink", JDK, jlink.arg("--output").arg(&to))?;
    // An archive of Cassandra's classes stands on one of Java's own, which jlink does not make.
    run("java", JDK, Command::new(to.join("bin/java")).arg("-Xshare:dump"))
}

fn jars(work: &Path, root: &Path, progress: &mut dyn FnMut(&str)) -> Result<(), Error> {
    const MAVEN: &str = "install Maven (Debian: maven)";
    progress(&format!("mvn dependency:copy-dependencies (org.apache.cassandra:cassandra-all:{VERSION})"));
    let project = format!(
        "<project xmlns=\"http://maven.apache.org/POM/4.0.0\"><modelVersion>4.0.0</modelVersion>\
         <groupId>resurgam</groupId><artifactId>cassandra-image</artifactId><version>1</version>\
         <dependencies><dependency><groupId>org.apache.cassandra</groupId><artifactId>cassandra-all</artifactId>\
         <version>{VERSION}</version></dependency></dependencies></project>"
    );
    fs::write(work.join("pom.xml"), project).map_err(system("pom.xml"))?;
    let all = work.join("jars");
    let mut maven = Command::new("mvn");
    maven.args(["--batch-mode", "--quiet", "dependency:copy-dependencies", "-DincludeScope=runtime"]);
    run("mvn", MAVEN, maven.arg(format!("-DoutputDirectory={}", all.display())).current_dir(work))?;
    for entry in fs::read_dir(&all).map_err(system("no jars"))? {
        let name = entry.map_err(system("no jars"))?.file_name();
        if is_used(&name.to_string_lossy(), ARCH) {
            // Moved, not copied: the archive of classes knows jars by their times.
            fs::rename(all.join(&name), root.join("opt/cassandra/lib").join(&name)).map_err(system("a jar"))?;
        }
    }
    Ok(())
}

/// Whether a jar is for this machine.
fn is_used(name: &str, arch: &str) -> bool {
    let other = if arch == "aarch64" { "x86_64" } else { "aarch_64" };
    !UNUSED.iter().any(|part| name.contains(part)) && !name.contains(other)
}

fn libraries(root: &Path, shell: &Path) -> Result<(), Error> {
    let java = root.join("opt/java");
    let mut found = BTreeSet::new();
    for program in [java.join("bin/java"), java.join("lib/server/libjvm.so"), shell.to_owned()] {
        let said = Command::new("ldd").arg(&program).output().map_err(system("ldd"))?;
        found.extend(linked(&String::from_utf8_lossy(&said.stdout)).filter(|path| !path.starts_with(root)));
    }
    let beside = found.iter().find(|path| path.file_name().is_some_and(|name| name == "libc.so.6")).cloned();
    let beside = beside.as_deref().and_then(Path::parent).unwrap_or(Path::new("/lib"));
    let by_name = BY_NAME.iter().map(|name| beside.join(name)).filter(|path| path.exists());
    for path in by_name.chain(found.iter().cloned()) {
        let to = root.join(path.strip_prefix("/").unwrap_or(&path));
        fs::create_dir_all(to.parent().unwrap_or(root)).map_err(system("lib"))?;
        fs::copy(&path, &to).map_err(system(&path.display().to_string()))?;
    }
    Ok(())
}

/// The absolute paths that `ldd` names.
fn linked(said: &str) -> impl Iterator<Item = PathBuf> {
    said.split_whitespace().filter(|word| word.starts_with('/') && word.contains(".so")).map(PathBuf::from)
}

/// Runs a program to its end.
fn run(program: &'static str, todo: &'static str, command: &mut Command) -> Result<(), Error> {
    let done = match command.stdin(Stdio::null()).output() {
        Err(problem) if problem.kind() == std::io::ErrorKind::NotFound => return Err(Error::Program(program, todo)),
        done => done.map_err(system(program))?,
    };
    if done.status.success() {
        return Ok(());
    }
    let said = [done.stdout, done.stderr].concat();
    let said: Vec<_> = String::from_utf8_lossy(&said).lines().map(without_hosts).collect();
    let last = said[said.len().saturating_sub(6)..].join(" | ");
    Err(Error::Failed { program, status: done.status.to_string(), said: last })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_jars_for_this_machine_are_used() {
        for (name, arch, used) in [
            ("cassandra-all-5.0.9.jar", "x86_64", true),
            ("netty-transport-native-epoll-4.1.130.Final-linux-x86_64.jar", "x86_64", true),
            ("netty-transport-native-epoll-4.1.130.Final-linux-x86_64.jar", "aarch64", false),
            ("netty-transport-native-epoll-4.1.130.Final-linux-aarch_64.jar", "x86_64", false),
            ("netty-transport-native-epoll-4.1.130.Final-linux-aarch_64.jar", "aarch64", true),
            ("netty-transport-native-epoll-4.1.130.Final-linux-riscv64.jar", "x86_64", false),
            ("cassandra-driver-core-3.12.1-shaded.jar", "x86_64", false),
        ] {
            assert_eq!(is_used(name, arch), used, "{name} on {arch}");
        }
    }

    #[test]
    fn libraries_are_the_paths_that_ldd_names() {
        let said = "\tlinux-vdso.so.1 (0x00007ffc)\n\tlibc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007f)\n\
                    \t/lib64/ld-linux-x86-64.so.2 (0x00007f)\n\tlibjvm.so => not found\n";
        let found: Vec<_> = linked(said).collect();
        assert_eq!(found, [Path::new("/lib/x86_64-linux-gnu/libc.so.6"), Path::new("/lib64/ld-linux-x86-64.so.2")]);
    }
}
