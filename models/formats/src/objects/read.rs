//! From the text of a history to its operations.

use super::term::{Reader, Term};
use super::{ObjectForm, ObjectOperation, OperationEnd, Operations};
use crate::notes::Problem;
use std::collections::HashMap;

/// Events of one history.
const MOST_EVENTS: usize = 1 << 20;

const TYPES: [&str; 4] = ["invoke", "ok", "fail", "info"];

/// Something that happened: what is said of it, as the four words of a line.
struct Event {
    line: usize,
    process: Term,
    of: String,
    function: Term,
    key: Option<Term>,
    value: Term,
}

/// Reads a history; what it is written in is told by how it begins. Lines and maps of the nemesis are passed over.
///
/// # Errors
/// One line that begins with `name` and names the line that is wrong.
pub fn read(name: &str, text: &str) -> Result<Operations, Problem> {
    let form = if text.trim_start().starts_with(['{', '[', '(', '#', ';']) { ObjectForm::Edn } else { ObjectForm::Log };
    let mut events = Vec::new();
    match form {
        ObjectForm::Edn => edn(text, &mut events),
        ObjectForm::Log => log(text, &mut events),
    }
    .and_then(|()| pair(events))
    .map(|all| Operations { form, all })
    .map_err(|what| Problem::of(name, &what))
}

fn add(events: &mut Vec<Event>, event: Event) -> Result<(), String> {
    let client = matches!(&event.process, Term::Plain(number) if number.bytes().all(|byte| byte.is_ascii_digit()));
    if client {
        events.push(event);
    }
    if events.len() > MOST_EVENTS { Err(format!("more than {MOST_EVENTS} events")) } else { Ok(()) }
}

fn edn(text: &str, events: &mut Vec<Event>) -> Result<(), String> {
    let mut reader = Reader::new(text);
    loop {
        match reader.term(0).map_err(|e| format!("line {}: {e}", reader.line()))? {
            None => break,
            Some(Term::List(items)) => items.iter().try_for_each(|item| map(item, events))?,
            Some(item) => map(&item, events)?,
        }
    }
    if reader.is_left() {
        return Err(format!("line {}: a bracket that closes nothing", reader.line()));
    }
    Ok(())
}

fn map(term: &Term, events: &mut Vec<Event>) -> Result<(), String> {
    let number = events.len() + 1;
    let part = |name: &str| term.get(name).cloned();
    let (Some(process), Some(of)) = (part("process"), part("type")) else {
        let shown: String = term.to_string().chars().take(60).collect();
        return Err(format!("event {number}: expected a map with :process and :type, found {shown}"));
    };
    if !TYPES.contains(&of.word()) {
        return Err(format!("event {number}: :type is {of}, not one of :invoke, :ok, :fail, :info"));
    }
    let function = part("f").unwrap_or(Term::Nil);
    let event = Event {
        line: number,
        process,
        of: of.word().to_owned(),
        function,
        key: part("key"),
        value: part("value").unwrap_or(Term::Nil),
    };
    add(events, event)
}

fn log(text: &str, events: &mut Vec<Event>) -> Result<(), String> {
    for (index, line) in text.lines().enumerate() {
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        let typed = |word: &&str| word.strip_prefix(':').is_some_and(|word| TYPES.contains(&word));
        let Some(place) = words.iter().position(typed) else { continue };
        let (Some(process), Some(function)) = (place.checked_sub(1).and_then(|at| words.get(at)), words.get(place + 1))
        else {
            continue;
        };
        let term = |text: &str| Term::one(text).map_err(|e| format!("line {}: {e}", index + 1));
        let rest = words[place + 2..].join(" ");
        let event = Event {
            line: index + 1,
            process: term(process)?,
            of: words[place][1..].to_owned(),
            function: term(function)?,
            key: None,
            value: if rest.is_empty() { Term::Nil } else { term(&rest)? },
        };
        add(events, event)?;
    }
    Ok(())
}

/// Invocations with their completions.
fn pair(events: Vec<Event>) -> Result<Vec<ObjectOperation>, String> {
    let mut all: Vec<ObjectOperation> = Vec::new();
    let mut open: HashMap<Term, usize> = HashMap::new();
    for (at, event) in (0..).zip(events) {
        let (line, process) = (event.line, event.process.word().to_owned());
        if event.of == "invoke" {
            if open.insert(event.process, all.len()).is_some() {
                return Err(format!("event {line}: process {process} invokes while its last operation is open"));
            }
            all.push(ObjectOperation {
                process,
                line,
                from: at,
                until: None,
                function: event.function.word().to_owned(),
                key: event.key,
                asked: event.value,
                end: OperationEnd::Unknown,
            });
            continue;
        }
        let Some(operation) = open.remove(&event.process).and_then(|place| all.get_mut(place)) else {
            if event.of == "info" {
                continue;
            }
            return Err(format!("event {line}: process {process} completes what it has not invoked"));
        };
        if event.function.word() != operation.function {
            return Err(format!("event {line}: process {process} completes another function than it invoked"));
        }
        match event.of.as_str() {
            "ok" => (operation.until, operation.end) = (Some(at), OperationEnd::Ok(event.value)),
            "fail" => (operation.until, operation.end) = (Some(at), OperationEnd::Fail),
            _ => {}
        }
    }
    if all.is_empty() { Err("holds no operations of a process".into()) } else { Ok(all) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EDN: &str = "{:process 0, :type :invoke, :f :write, :value 1}\n{:process :nemesis, :type :info, :f :start}
        {:process 1, :type :invoke, :f :read, :value nil}\n{:process 0, :type :ok, :f :write, :value 1}
        {:process 1, :type :info, :f :read, :value :timed-out}";
    const LOG: &str = "INFO  jepsen.util - 0\t:invoke\t:write\t1\nINFO  jepsen.util - :nemesis\t:info\t:start\tnil
INFO  jepsen.util - 1\t:invoke\t:read\tnil\nINFO  jepsen.util - 0\t:ok\t:write\t1
INFO  jepsen.util - 1\t:info\t:read\t:timed-out\n";

    #[test]
    fn both_forms_hold_the_same_operations() {
        let (one, two) = (read("f", EDN).unwrap(), read("f", LOG).unwrap());
        assert_eq!((one.form, two.form), (ObjectForm::Edn, ObjectForm::Log));
        let told = |it: &Operations| {
            let of =
                it.all.iter().map(|it| (it.process.clone(), it.from, it.until, it.function.clone(), it.end.clone()));
            of.collect::<Vec<_>>()
        };
        assert_eq!(told(&one), told(&two));
        assert_eq!(told(&one)[0], ("0".into(), 0, Some(2), "write".into(), OperationEnd::Ok(Term::Plain("1".into()))));
        assert_eq!(told(&one)[1].4, OperationEnd::Unknown);
        let listed = format!("[{EDN}]");
        assert_eq!(told(&read("f", &listed).unwrap()), told(&one));
    }

    #[test]
    fn what_cannot_be_is_named() {
        for (text, expected) in [
            ("", "holds no operations"),
            ("hello", "holds no operations"),
            ("{:process 0 :type :ok :f :read}", "completes what it has not invoked"),
            ("{:process 0 :type :dance}", ":type is :dance"),
            ("{:a 1}", "expected a map with :process and :type"),
            ("{:process 0 :type :invoke}{:process 0 :type :invoke}", "while its last operation is open"),
            ("{:process 0 :type :invoke", "cut short"),
            ("{:process 0 :type :invoke}]", "closes nothing"),
        ] {
            let found = read("f", text).unwrap_err().0;
            assert!(found.starts_with("f: ") && found.contains(expected), "{found}");
        }
    }
}
