//! One node of Cassandra in a container of its own, reached at a port of the loopback address.

use crate::guardian::Guardian;
use crate::profile::Profile;
use crate::{Error, owner, readiness};
use bollard::Docker;
use bollard::models::{ContainerState, PortBinding};
use bollard::query_parameters::{InspectContainerOptions, KillContainerOptionsBuilder};
use resurgam_harness::engine::{self, CASSANDRA};
use std::collections::HashMap;
use std::net::TcpListener;
use std::time::Duration;
use testcontainers::core::{CmdWaitFor, ExecCommand, IntoContainerPort as _, WaitFor};
use testcontainers::runners::AsyncRunner as _;
use testcontainers::{ContainerAsync, GenericImage, ImageExt as _};

/// Where Cassandra listens, inside.
const CQL: u16 = 9042;
/// `nodetool` where there is one, else what it starts.
const NODETOOL: &str = r#"
if command -v nodetool >/dev/null; then exec nodetool "$@"; fi
cassandra=/opt/cassandra
exec /opt/java/bin/java "@$cassandra/conf/jvm.options" -Xmx64m -XX:TieredStopAtLevel=1 \
    -cp "$cassandra/lib/*" org.apache.cassandra.tools.NodeTool "$@"
"#;
/// How long a start may take on a machine with other things to do.
const PATIENCE: Duration = Duration::from_secs(180);

/// A node. Dropping it takes it away, with all that it stored.
#[derive(Debug)]
pub struct Node {
    // The order of the fields is that of their end.
    container: ContainerAsync<GenericImage>,
    docker: Docker,
    port: u16,
    _guardian: Guardian,
}

impl Node {
    /// Starts a node and waits until it can be asked. What dead processes left behind goes first.
    ///
    /// # Errors
    /// Something is missing on this machine, or Cassandra does not come up.
    pub async fn start(profile: Profile) -> Result<Self, Error> {
        engine::ready()?;
        let docker = Docker::connect_with_defaults().map_err(|problem| Error::engine("answer", &problem))?;
        owner::sweep(&docker).await?;
        let name = owner::fresh();
        let guardian = Guardian::of(&name)?;
        let port = free()?;
        let (image, tag) = CASSANDRA.split_once(':').unwrap_or((CASSANDRA, "latest"));
        let container = GenericImage::new(image, tag)
            .with_exposed_port(CQL.tcp())
            .with_wait_for(WaitFor::message_on_stdout("Startup complete"))
            .with_label(owner::LABEL, name)
            // Else drivers learn an address that only the container knows.
            .with_env_var("CASSANDRA_BROADCAST_RPC_ADDRESS", "127.0.0.1")
            .with_env_var("CASSANDRA_NUM_TOKENS", "1")
            .with_env_var("MAX_HEAP_SIZE", "400M")
            .with_env_var("HEAP_NEWSIZE", "120M")
            .with_env_var("JVM_EXTRA_OPTS", profile.options())
            .with_startup_timeout(PATIENCE)
            // A port of our choice, so that it is the same after a restart, and on loopback, so that it is nobody else's.
            .with_host_config_modifier(move |host| {
                let binding = PortBinding { host_ip: Some("127.0.0.1".into()), host_port: Some(port.to_string()) };
                host.publish_all_ports = Some(false);
                host.port_bindings = Some(HashMap::from([(format!("{CQL}/tcp"), Some(vec![binding]))]));
            })
            .start()
            .await
            .map_err(|problem| Error::Start(problem.to_string()))?;
        let node = Self { container, docker, port, _guardian: guardian };
        node.ready().await?;
        Ok(node)
    }

    /// HOST:PORT for drivers.
    #[must_use]
    pub fn contact(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Stops all its processes where they are; connections stay open, and nobody answers.
    ///
    /// # Errors
    /// The engine does not.
    pub async fn pause(&self) -> Result<(), Error> {
        self.container.pause().await.map_err(|problem| Error::engine("pause it", &problem))
    }

    /// Lets it go on after a pause, and waits until it can be asked.
    ///
    /// # Errors
    /// The engine does not.
    pub async fn resume(&self) -> Result<(), Error> {
        self.container.unpause().await.map_err(|problem| Error::engine("let it go on", &problem))?;
        self.ready().await
    }

    /// Whether its process is there, as the engine sees it.
    pub(crate) async fn is_running(&self) -> bool {
        self.state().await.is_some_and(|state| state.running == Some(true))
    }

    /// Whether it stands still, as the engine sees it.
    pub(crate) async fn is_paused(&self) -> bool {
        self.state().await.is_some_and(|state| state.paused == Some(true))
    }

    async fn state(&self) -> Option<ContainerState> {
        let found = self.docker.inspect_container(self.container.id(), None::<InspectContainerOptions>).await;
        found.ok()?.state
    }

    /// Has `nodetool` do something; true if it says that it did. The image that we make has no such program, but all that is in it.
    pub(crate) async fn nodetool(&self, task: &str) -> bool {
        let command = ExecCommand::new(["sh", "-c", NODETOOL, "nodetool", task]);
        self.container.exec(command.with_cmd_ready_condition(CmdWaitFor::exit_code(0))).await.is_ok()
    }

    /// Kills it, as the system does when memory runs out: what is not on disk is lost.
    ///
    /// # Errors
    /// The engine does not.
    pub async fn kill(&self) -> Result<(), Error> {
        let options = KillContainerOptionsBuilder::new().signal("SIGKILL").build();
        let killed = self.docker.kill_container(self.container.id(), Some(options)).await;
        killed.map_err(|problem| Error::engine("kill it", &problem))
    }

    /// Asks it to end, and waits until it has written everything and is gone.
    ///
    /// # Errors
    /// The engine does not.
    pub async fn stop(&self) -> Result<(), Error> {
        let stopped = self.container.stop_with_timeout(Some(60)).await;
        stopped.map_err(|problem| Error::engine("stop it", &problem))
    }

    /// Starts it again, with what it stored, at the same port, and waits until it can be asked.
    ///
    /// # Errors
    /// The engine does not, or Cassandra does not come up.
    pub async fn restart(&self) -> Result<(), Error> {
        self.container.start().await.map_err(|problem| Error::engine("start it again", &problem))?;
        self.ready().await
    }

    async fn ready(&self) -> Result<(), Error> {
        if readiness::wait(&self.contact(), PATIENCE).await {
            return Ok(());
        }
        let log = self.container.stdout_to_vec().await.unwrap_or_default();
        let log = String::from_utf8_lossy(&log);
        let last: Vec<_> = log.lines().rev().take(5).collect();
        Err(Error::Start(last.into_iter().rev().collect::<Vec<_>>().join(" | ")))
    }
}

/// A port that nobody listens on.
fn free() -> std::io::Result<u16> {
    TcpListener::bind("127.0.0.1:0")?.local_addr().map(|address| address.port())
}
