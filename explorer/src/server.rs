//! One of the two servers: calls of either service by their names, with requests as they are written.

use crate::notation;
use crate::notation::pool;
use http::uri::PathAndQuery;
use prost::Message as _;
use prost::bytes::{Buf, BufMut};
use prost_reflect::DynamicMessage;
use resurgam_api::RpcStatus;
use serde::Serialize;
use serde_json::{Value, json};
use std::time::Duration;
use tonic::client::Grpc;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::transport::Channel;
use tonic::{Code, Request, Status};

/// The largest message that is sent or received, in bytes.
const LIMIT: usize = 64 << 20;
/// How long an ordinary call may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long a call waits that waits for something to happen. The real server refuses polls of less than two seconds.
const WAITING: Duration = Duration::from_secs(3);
/// How long a server may need to be available again that was restarted.
const RESTART: Duration = Duration::from_secs(20);
const PAUSE: Duration = Duration::from_millis(20);
/// Calls that wait for something to happen.
const WAITS: [&str; 6] = [
    "ExecuteMultiOperation",
    "PollActivityTaskQueue",
    "PollWorkflowExecutionUpdate",
    "PollWorkflowTaskQueue",
    "QueryWorkflow",
    "UpdateWorkflowExecution",
];

/// A server that is running, and two of its namespaces.
#[derive(Clone, Debug)]
pub struct Server {
    /// What it is called in reports.
    pub name: String,
    /// The way to it.
    pub channel: Channel,
    /// Where cases happen.
    pub namespace: String,
    /// A namespace in which nothing happens.
    pub other_namespace: String,
    /// It is restarted from time to time, and not available then: whoever calls it calls again.
    pub restarts: bool,
}

/// What a call was answered.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Answer {
    /// The status code, by its name in tonic.
    pub(crate) code: String,
    /// The message of the status; empty if it is Ok.
    pub(crate) message: String,
    /// The details of the status.
    pub(crate) details: Value,
    /// The response, written; nothing if the code is not Ok.
    pub(crate) response: Value,
}

impl Answer {
    /// Whether the call succeeded.
    pub(crate) fn is_ok(&self) -> bool {
        self.code == "Ok"
    }

    fn of(status: &Status) -> Self {
        let details = RpcStatus::decode(status.details()).unwrap_or_default().details;
        let details = details.into_iter().map(|any| {
            let name = any.type_url.rsplit('/').next().unwrap_or_default().to_owned();
            let known = pool().get_message_by_name(&name);
            let inner = known.and_then(|of| DynamicMessage::decode(of, any.value.as_slice()).ok());
            json!({ "type": name, "value": inner.map(|inner| notation::write(&inner)) })
        });
        // Whose deadline it was that passed is chance.
        let (code, message) = match status.code() {
            Code::Cancelled | Code::DeadlineExceeded => (Code::DeadlineExceeded, ""),
            code => (code, status.message()),
        };
        Self {
            code: format!("{code:?}"),
            message: message.to_owned(),
            details: details.collect(),
            response: Value::Null,
        }
    }
}

impl Server {
    /// What its namespace is called inside.
    ///
    /// # Errors
    /// It is gone, or has no such namespace.
    pub(crate) async fn namespace_id(&self) -> Result<String, String> {
        let answer = self.call("DescribeNamespace", &json!({"namespace": self.namespace})).await?;
        let said = answer.response.pointer("/namespace_info/id").and_then(Value::as_str);
        said.map(str::to_owned).ok_or_else(|| format!("{} has no namespace {}", self.name, self.namespace))
    }

    /// Makes a call.
    ///
    /// # Errors
    /// There is no such call, or what is written is no request of it.
    pub(crate) async fn call(&self, call: &str, written: &Value) -> Result<Answer, String> {
        let mut answer = self.ask(call, written).await?;
        let begun = tokio::time::Instant::now();
        while self.restarts && answer.code == "Unavailable" && begun.elapsed() < RESTART {
            tokio::time::sleep(PAUSE).await;
            answer = self.ask(call, written).await?;
        }
        Ok(answer)
    }

    async fn ask(&self, call: &str, written: &Value) -> Result<Answer, String> {
        let method = notation::method(call).ok_or_else(|| format!("there is no call {call}"))?;
        let request = notation::read(&method.input(), written).map_err(|why| format!("{call}: {why}"))?;
        let path = format!("/{}/{}", method.parent_service().full_name(), method.name());
        let path: PathAndQuery = path.parse().map_err(|why| format!("{path}: {why}"))?;
        let waits = WAITS.contains(&call) || written.get("wait_new_event") == Some(&Value::Bool(true));
        let patience = if waits { WAITING } else { PATIENCE };
        let mut request = Request::new(request.encode_to_vec());
        request.set_timeout(patience);
        let mut grpc =
            Grpc::new(self.channel.clone()).max_decoding_message_size(LIMIT).max_encoding_message_size(LIMIT);
        grpc.ready().await.map_err(|why| format!("{} does not answer: {why}", self.name))?;
        Ok(match grpc.unary(request, path, Plain).await {
            Err(status) => Answer::of(&status),
            Ok(response) => {
                let bytes = response.into_inner();
                let message = DynamicMessage::decode(method.output(), bytes.as_slice());
                let message = message.map_err(|why| format!("{call} of {}: {why}", self.name))?;
                Answer {
                    code: "Ok".to_owned(),
                    message: String::new(),
                    details: json!([]),
                    response: notation::write(&message),
                }
            }
        })
    }
}

/// Bytes as they are: messages are encoded and decoded by reflection, outside.
#[derive(Clone, Copy, Debug)]
struct Plain;

impl Codec for Plain {
    type Encode = Vec<u8>;
    type Decode = Vec<u8>;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Plain {
    type Item = Vec<u8>;
    type Error = Status;

    fn encode(&mut self, item: Vec<u8>, into: &mut EncodeBuf<'_>) -> Result<(), Status> {
        into.put_slice(&item);
        Ok(())
    }
}

impl Decoder for Plain {
    type Item = Vec<u8>;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<Vec<u8>>, Status> {
        let mut bytes = vec![0; from.remaining()];
        from.copy_to_slice(&mut bytes);
        Ok(Some(bytes))
    }
}
