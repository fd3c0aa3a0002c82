//! A case as a script for the official client in Python, which a person can repeat on any server.

use crate::bindings::Bindings;
use crate::case::Case;
use crate::catalogue::{self, Step};
use crate::notation;
use serde_json::{Map, Value};
use std::fmt::Write as _;

const HEAD: &str = r#"# python case.py HOST:PORT (pip install temporalio): what a server answers. The namespace has to be there.
import asyncio, sys, time, uuid
from google.protobuf import any_pb2, symbol_database
from temporalio import api
from temporalio.api import operatorservice, workflowservice
import temporalio.api.update.v1, temporalio.api.workflowservice.v1, temporalio.api.operatorservice.v1
from temporalio.client import Client
from temporalio.service import RPCError

names = dict(ns="default", other_ns="default", id="case-" + str(uuid.uuid4()))
names["queue"] = names["id"] + "-queue"


def filled(value):
    if isinstance(value, str):
        for name, meant in names.items():
            if isinstance(meant, bytes) and value == "{" + name + "}":
                return meant
            value = value if isinstance(meant, bytes) else value.replace("{" + name + "}", str(meant))
        return value
    if isinstance(value, list):
        return [filled(one) for one in value]
    return {filled(name): filled(one) for name, one in value.items()} if isinstance(value, dict) else value


def message(kind, fields):
    """A message of a type with these fields, however deep."""
    built = kind()
    for name, value in fields.items():
        field = built.DESCRIPTOR.fields_by_name[name]
        inner = field.message_type
        one = lambda value: packed(value) if inner and inner.full_name == "google.protobuf.Any" else message(inner._concrete_class, value) if inner else plain(field, value)
        if inner and inner.GetOptions().map_entry:
            of = inner.fields_by_name["value"]
            for key, value in value.items():
                key = int(key) if inner.fields_by_name["key"].type != 9 else key
                if of.message_type:
                    getattr(built, name)[key].CopyFrom(message(of.message_type._concrete_class, value))
                else:
                    getattr(built, name)[key] = plain(of, value)
        elif isinstance(value, list):
            getattr(built, name).extend(one(value) for value in value)
        elif inner:
            getattr(built, name).CopyFrom(one(value))
        else:
            setattr(built, name, one(value))
    return built


def packed(fields):
    any = any_pb2.Any()
    kind = symbol_database.Default().pool.FindMessageTypeByName(fields["@type"])._concrete_class
    any.Pack(message(kind, {name: value for name, value in fields.items() if name != "@type"}))
    return any


def plain(field, value):
    if field.enum_type and isinstance(value, str):
        return field.enum_type.values_by_name[value].number
    if field.type == 12:
        return value if isinstance(value, bytes) else bytes.fromhex(value[4:]) if value.startswith("hex:") else value.encode()
    return int(value) if isinstance(value, str) and field.type != 9 else value


async def call(service, name, **fields):
    module = operatorservice.v1 if hasattr(operatorservice.v1, name + "Request") else workflowservice.v1
    method = getattr(service, "".join("_" + c.lower() if c.isupper() else c for c in name)[1:])
    return await method(message(getattr(module, name + "Request"), filled(fields)))


async def main():
    client = await Client.connect(sys.argv[1], namespace=names["ns"])
    service, waiting = client.workflow_service, []
"#;

const TAIL: &str = r#"    for name in ("GetWorkflowExecutionHistory", "DescribeWorkflowExecution"):
        try:
            print(await call(service, name, namespace="{ns}", execution={"workflow_id": "{id}"}))
        except RPCError as refused:
            print(name, refused.status, refused.message)

asyncio.run(main())
"#;

impl Case {
    /// The case as a script in Python, for the official client.
    #[must_use]
    pub fn script(&self) -> String {
        let mut text = HEAD.to_owned();
        let nobody = Bindings::new(["", "", ""], "");
        for name in ["run", "old_run", "first_run", "no_run"] {
            let _ = writeln!(text, "    names[{name:?}] = {:?}", nobody.get(name).unwrap_or_default());
        }
        text.push_str("    names.update(token=b\"nonsense\", old_token=b\"nonsense\", activity_token=b\"nonsense\", query_token=b\"nonsense\")\n");
        for step in &self.situation.steps {
            let _ = match step {
                Step::Call { call, with, bind } => {
                    let _ = writeln!(text, "    answer = {}", made(call, &catalogue::request(call, with)));
                    for (name, place) in bind {
                        let path: String = place.split('/').skip(1).map(part).collect();
                        let _ = writeln!(text, "    names[{name:?}] = answer{path}");
                    }
                    Ok(())
                }
                Step::Begin { begin, with } => {
                    let asked = made(begin, &catalogue::request(begin, with));
                    writeln!(text, "    waiting.append(asyncio.create_task({})); await asyncio.sleep(0.3)", &asked[6..])
                }
                Step::Until { until, shows, code } => {
                    writeln!(text, "    await asyncio.sleep(3)  # until {until} answers {code} {shows:?}")
                }
            };
        }
        for request in &self.requests {
            let _ = writeln!(text, "    try:\n        print({})", made(&request.call, &request.body));
            let _ = writeln!(text, "    except RPCError as refused:\n        print(refused.status, refused.message)");
        }
        text + TAIL
    }
}

/// A step in a path of an answer.
fn part(name: &str) -> String {
    if name.parse::<usize>().is_ok() { format!("[{name}]") } else { format!(".{name}") }
}

/// The call in Python.
fn made(call: &str, body: &Value) -> String {
    let service = if is_operator(call) { "client.operator_service" } else { "service" };
    format!("await call({service}, {call:?}, **{})", python(body))
}

fn is_operator(call: &str) -> bool {
    notation::method(call).is_some_and(|method| method.parent_service().name() == "OperatorService")
}

/// A value in Python.
fn python(value: &Value) -> String {
    match value {
        Value::Null => "None".to_owned(),
        Value::Bool(is) => if *is { "True" } else { "False" }.to_owned(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => {
            let repeated = text.strip_prefix('{').and_then(|it| it.strip_suffix('}')).and_then(|it| it.split_once('*'));
            match repeated {
                Some((text, count)) => format!("{text:?} * {count}"),
                None => Value::String(text.clone()).to_string(),
            }
        }
        Value::Array(values) => format!("[{}]", values.iter().map(python).collect::<Vec<_>>().join(", ")),
        Value::Object(fields) => object(fields),
    }
}

fn object(fields: &Map<String, Value>) -> String {
    let key = |name: &String| python(&Value::String(name.clone()));
    let fields: Vec<_> = fields.iter().map(|(name, value)| format!("{}: {}", key(name), python(value))).collect();
    format!("{{{}}}", fields.join(", "))
}
