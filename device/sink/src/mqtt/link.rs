//! The thread that talks to the broker: connects, says what is new, and begins again when the connection is lost.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rumqttc::{
    AsyncClient, ConnectReturnCode, ConnectionError, Event, LastWill, NetworkOptions, Packet,
    Publish, PublishOptions, QoS,
};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::{select, time};

use super::backoff::Backoff;
use super::mailbox::Mailbox;
use super::names::Topics;
use super::tls::Tls;
use super::{MqttOptions, discovery};

const ONLINE: &str = "online";
const OFFLINE: &str = "offline";

/// Name resolution, TCP, TLS and the login together, in seconds.
const CONNECT_MOST: u64 = 5;
/// Until the broker has acknowledged what it was sent.
const ACK_MOST: Duration = Duration::from_secs(10);
/// A broker hears from its client at least this often, in seconds; it gives it up after 1.5 of these.
const KEEP_ALIVE: u16 = 15;
/// The broker's own messages are a few bytes; discovery lists every label.
const INCOMING_MOST: usize = 1 << 16;
const OUTGOING_MOST: usize = 1 << 24;

pub(crate) struct Link {
    mailbox: Arc<Mailbox>,
    topics: Topics,
    node: String,
    stale: Duration,
    options: rumqttc::MqttOptions,
}

impl Link {
    pub(crate) fn new(
        options: &MqttOptions,
        tls: Option<Tls>,
        node: String,
        topics: Topics,
        stale: Duration,
        mailbox: Arc<Mailbox>,
    ) -> Self {
        let broker = (options.host.clone(), options.port);
        let mut client = rumqttc::MqttOptions::new(format!("normgate-{node}"), broker);
        client.set_keep_alive(KEEP_ALIVE);
        client.set_clean_session(true);
        client.set_max_packet_size(INCOMING_MOST, OUTGOING_MOST);
        client.set_last_will(LastWill::new(
            &topics.availability,
            OFFLINE,
            QoS::AtLeastOnce,
            true,
        ));
        if let Some(credentials) = &options.credentials {
            client.set_credentials(&credentials.user, credentials.password.clone());
        }
        let socket = options.socket();
        match tls {
            None => client.set_socket_connector(move |_, _| tcp(socket.clone())),
            Some(tls) => client.set_socket_connector(move |_, _| {
                let (socket, tls) = (socket.clone(), tls.clone());
                async move {
                    let stream = tls.connector.connect(tls.server, tcp(socket).await?).await;
                    stream.map_err(|e| io::Error::new(e.kind(), format!("TLS: {e}")))
                }
            }),
        };
        Self {
            mailbox,
            topics,
            node,
            stale,
            options: client,
        }
    }

    /// Delivers until the last letter is delivered or given up.
    pub(crate) fn run(self) {
        match tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
        {
            Ok(runtime) => {
                runtime.block_on(self.deliver());
                self.mailbox.set_done();
                // A name server that does not answer is not waited for.
                runtime.shutdown_background();
            }
            Err(e) => {
                self.mailbox.set_trouble(Some(format!("no runtime: {e}")));
                self.mailbox.set_done();
            }
        }
    }

    async fn deliver(&self) {
        let mut backoff = Backoff::new();
        loop {
            let is_last = self.mailbox.is_ended();
            let began = Instant::now();
            match self.session().await {
                Ok(()) => return self.mailbox.set_trouble(None),
                Err(why) => self.mailbox.set_trouble(Some(why)),
            }
            if is_last {
                return;
            }
            let wait = time::sleep(backoff.wait(began));
            let ended = async {
                while !self.mailbox.is_ended() {
                    self.mailbox.wake.notified().await;
                }
            };
            select! { () = wait => {}, () = ended => {} }
        }
    }

    /// One connection, from its beginning to its end.
    ///
    /// # Errors
    /// Why it ended before the last letter was delivered, on one line.
    async fn session(&self) -> Result<(), String> {
        let client = AsyncClient::builder(self.options.clone())
            .capacity(4)
            .try_build();
        let (client, mut events) = client.map_err(|e| e.to_string())?;
        let mut network = NetworkOptions::new();
        network.set_connection_timeout(CONNECT_MOST);
        events.set_network_options(network);
        // The first event is the broker's yes.
        events.poll().await.map_err(|e| described(&e))?;
        self.mailbox.set_trouble(None);

        let born = Notify::new();
        let drive = async {
            loop {
                match events.poll().await {
                    Ok(Event::Incoming(Packet::Publish(told))) if self.is_birth(&told) => {
                        born.notify_one()
                    }
                    Ok(_) => {}
                    Err(ConnectionError::RequestsDone) => return Ok(()),
                    Err(e) => return Err(described(&e)),
                }
            }
        };
        let outcome = select! {
            driven = drive => driven,
            failed = self.feed(&client, &born) => Err(failed),
        };
        self.mailbox.put_back();
        outcome
    }

    /// Sends what is new, in an order in which nothing that is no longer true is ever said to be live. Never done, but
    /// for its failure.
    async fn feed(&self, client: &AsyncClient, born: &Notify) -> String {
        match self.try_feed(client, born).await {
            Ok(()) => std::future::pending().await,
            Err(why) => why,
        }
    }

    async fn try_feed(&self, client: &AsyncClient, born: &Notify) -> Result<(), String> {
        if let Some(home_assistant) = &self.topics.home_assistant {
            let subscribed = client
                .subscribe(&home_assistant.status, QoS::AtLeastOnce)
                .await;
            subscribed.map_err(|e| e.to_string())?;
        }
        let mut discovered = None;
        let mut is_online = false;
        loop {
            let letter = self.mailbox.open();
            if let Some(home_assistant) = &self.topics.home_assistant
                && !discovered
                    .as_ref()
                    .is_some_and(|terms| Arc::ptr_eq(terms, &letter.terms))
            {
                let config = discovery::config(&self.node, &letter.terms, &self.topics, self.stale);
                self.publish(client, &home_assistant.config, &config)
                    .await?;
                discovered = Some(Arc::clone(&letter.terms));
            }
            // A broker that restarted may have forgotten the state that it had.
            if letter.is_due || !is_online {
                self.publish(client, &self.topics.state, &letter.state)
                    .await?;
            }
            self.mailbox.delivered();
            if letter.is_last {
                self.publish(client, &self.topics.availability, OFFLINE)
                    .await?;
                return client.disconnect().await.map_err(|e| e.to_string());
            }
            if !is_online {
                self.publish(client, &self.topics.availability, ONLINE)
                    .await?;
                is_online = true;
            }
            select! {
                () = self.mailbox.wake.notified() => {}
                () = born.notified() => discovered = None,
            }
        }
    }

    /// Returns when the broker has it.
    async fn publish(
        &self,
        client: &AsyncClient,
        topic: &str,
        payload: &str,
    ) -> Result<(), String> {
        let options = PublishOptions::at_least_once().retained();
        let sent = async {
            let notice = client
                .publish_tracked(topic, payload.to_owned(), options)
                .await;
            let notice = notice.map_err(|e| e.to_string())?;
            notice.wait_async().await.map_err(|e| e.to_string())
        };
        match time::timeout(ACK_MOST, sent).await {
            Ok(sent) => sent.map(|_| ()),
            Err(_) => Err(format!(
                "the broker acknowledges nothing within {} s",
                ACK_MOST.as_secs()
            )),
        }
    }

    /// Whether Home Assistant says that it is there, and so has to be told anew.
    fn is_birth(&self, told: &Publish) -> bool {
        let status = self.topics.home_assistant.as_ref().map(|h| &*h.status);
        status.is_some_and(|status| told.topic == status.as_bytes()) && told.payload == ONLINE
    }
}

async fn tcp(socket: String) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(socket).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

fn described(error: &ConnectionError) -> String {
    match error {
        ConnectionError::ConnectionRefused(ConnectReturnCode::BadUserNamePassword) => {
            "the broker refuses the user name or password".to_owned()
        }
        ConnectionError::ConnectionRefused(ConnectReturnCode::NotAuthorized) => {
            "the broker does not let this client in; are the user name and password right?"
                .to_owned()
        }
        ConnectionError::ConnectionRefused(code) => {
            format!("the broker refuses the connection: {code:?}")
        }
        ConnectionError::NetworkTimeout => {
            format!("the broker does not answer within {CONNECT_MOST} s")
        }
        ConnectionError::Io(e) => format!("no connection: {e}"),
        other => format!("the connection is lost: {other}"),
    }
}
