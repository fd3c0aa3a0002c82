//! `resurgam show`: a recorded case in the terminal, merged by time; and its histories as files.

use crate::Ended;
use crate::commands::diff::text;
use crate::exit::{Exit, Failure, print};
use crate::given::changed;
use resurgam_formats::recording::{Entry, HistoryRead, What};
use resurgam_formats::wire::{self, Form};
use resurgam_harness::CaseDirectory;
use resurgam_judge::judge;
use resurgam_reports::verdict::lines;
use resurgam_reports::{merged, paint};
use std::fs;
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The directory of a case, a recording, or a workflow history.
    case: PathBuf,
    /// Only this workflow id.
    #[arg(long, value_name = "ID")]
    workflow: Option<String>,
    /// Only what is near the event with this id.
    #[arg(long, value_name = "EVENT")]
    around: Option<i64>,
    /// Also write the final history of every run shown to this directory, as JSON that SDK replayers read.
    #[arg(long, value_name = "DIR")]
    export: Option<PathBuf>,
}

/// Runs the command.
pub(crate) fn run(args: &Args) -> Ended {
    let path = CaseDirectory::recording_meant_by(&args.case);
    let name = path.display().to_string();
    let text = text(&path)?;
    let document = wire::read(&name, text.as_bytes(), wire::MAX_BYTES).map_err(|problem| problem.0)?;
    let header = document.evidence.header.as_ref();
    let profile = header.map(|header| header.profile.clone()).unwrap_or_default();
    let verdict = judge(&name, &document.evidence, &profile);
    let colours = paint::colours(std::io::stdout().is_terminal(), std::env::var_os("NO_COLOR").as_deref());
    let options = merged::Options { workflow: args.workflow.as_deref(), around: args.around, colours };
    let shown = merged::render(&document.evidence, &verdict, &options);
    let shown = match shown {
        Some(shown) => shown,
        None if args.workflow.is_none() && args.around.is_none() => {
            format!("there is no workflow in it\n{}", lines(&verdict))
        }
        None => return Err(nothing(args, &name).into()),
    };
    print(&changed(&args.case)?);
    print(&about(&args.case)?);
    print(&shown);
    if let Some(folder) = &args.export {
        if document.form != Form::Recording {
            return Err(format!("{name}: is a history already; there is nothing to export").into());
        }
        print(&export(&text, folder, args.workflow.as_deref())?);
    }
    Ok(Exit::Held)
}

/// What `case.json` says; nothing if there is none.
fn about(path: &Path) -> Result<String, Failure> {
    let Some(directory) = CaseDirectory::meant_by(path) else { return Ok(String::new()) };
    let Some(case) = directory.case().map_err(Failure::input)? else { return Ok(String::new()) };
    let bug = case.choice.bug().map(|bug| format!(" with the planted bug {bug}")).unwrap_or_default();
    let checks = if case.without_invariants { " without invariants" } else { "" };
    let shrunk = case.shrunk.map(|shrunk| format!("shrunk for {}: {} → {}\n", shrunk.rule, shrunk.from, shrunk.to));
    Ok(format!(
        "seed {} on {} {}{bug}{checks}: {}\nmade by: {}\n{}\n",
        case.seed,
        case.target,
        case.target_version,
        case.judgement,
        case.command,
        shrunk.unwrap_or_default()
    ))
}

fn nothing(args: &Args, name: &str) -> String {
    let event = args.around.map(|id| format!(" event {id}")).unwrap_or_default();
    let workflow = args.workflow.as_ref().map(|id| format!(" workflow {id}")).unwrap_or_default();
    format!("{name}: no{event}{workflow} in it")
}

/// Writes the final histories as they were read from the server, field by field.
fn export(text: &str, folder: &Path, workflow: Option<&str>) -> Result<String, Failure> {
    let failed = |path: &Path, why: std::io::Error| Failure::Machine(format!("{}: {why}", path.display()));
    fs::create_dir_all(folder).map_err(|why| failed(folder, why))?;
    let entries = text.lines().filter_map(|line| serde_json::from_str::<Entry>(line).ok());
    let histories = entries.filter_map(|entry| match entry.what {
        What::History(read) if read.is_final && workflow.is_none_or(|id| id == read.workflow_id) => Some(read),
        _ => None,
    });
    let mut out = String::from("\n");
    for read in histories {
        let file = folder.join(file_name(&read));
        let json =
            serde_json::to_string_pretty(&serde_json::json!({"events": read.events})).map_err(Failure::machine)?;
        fs::write(&file, json + "\n").map_err(|why| failed(&file, why))?;
        out += &format!("wrote {}\n", file.display());
    }
    Ok(out)
}

/// Workflow and run id, with nothing in them that means something to a file system.
fn file_name(read: &HistoryRead) -> String {
    let plain = |text: &str| -> String {
        text.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' }).take(80).collect()
    };
    format!("{}.{}.json", plain(&read.workflow_id), plain(&read.run_id))
}
