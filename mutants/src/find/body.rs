//! Functions that return at once, with nothing.

use super::proposals::{Proposals, SWITCH, code};
use crate::mutant::Operator;
use syn::{Block, GenericArgument, PathArguments, ReturnType, Signature, Type};

/// Proposes what can be returned at once from a function, by its type.
pub(super) fn propose(proposals: &mut Proposals<'_>, sig: &Signature, block: &Block) {
    if block.stmts.is_empty() {
        return;
    }
    let answers = match &sig.output {
        ReturnType::Default => vec![String::new()],
        ReturnType::Type(_, output) => nothing(output),
    };
    // Behind the opening brace.
    let at = block.brace_token.span.open().byte_range().end;
    for answer in answers {
        let becomes = format!("return {answer}");
        let id = proposals.propose(sig.ident.span(), Operator::Body, code(&sig.ident), becomes.clone());
        proposals.change(at..at, format!(" if {SWITCH}::on({id}) {{ {becomes}; }}"), "", &[id]);
    }
}

/// The values of a type that say nothing; none for types of which nobody knows.
fn nothing(of: &Type) -> Vec<String> {
    let Type::Path(path) = of else {
        return match of {
            Type::Tuple(tuple) if tuple.elems.is_empty() => vec!["()".into()],
            _ => Vec::new(),
        };
    };
    let Some(last) = path.path.segments.last() else { return Vec::new() };
    let inner = || {
        let PathArguments::AngleBracketed(arguments) = &last.arguments else { return Vec::new() };
        arguments.args.first().map_or_else(Vec::new, |first| match first {
            GenericArgument::Type(of) => nothing(of),
            _ => Vec::new(),
        })
    };
    match last.ident.to_string().as_str() {
        "bool" => vec!["true".into(), "false".into()],
        "Option" => vec!["None".into()],
        "Result" => inner().into_iter().map(|value| format!("Ok({value})")).collect(),
        "i32" | "i64" | "u8" | "u16" | "u32" | "u64" | "usize" | "Millis" => vec!["0".into(), "1".into()],
        "String" | "Vec" | "VecDeque" | "BTreeMap" | "BTreeSet" | "HashMap" | "HashSet" | "Duration" => {
            vec!["Default::default()".into()]
        }
        _ => Vec::new(),
    }
}
