//! Brokers and networks that are away, restart, are cut or go silent.

use normgate_sink::{Event, Sink, SinkError};

use super::broker::{self, Broker, Subscriber, wait_for};
use super::proxy::Proxy;
use super::{AVAILABILITY, CONFIG, STATE, Teller, ended, options};

fn is_frame(frame: u64) -> impl Fn(&broker::Message) -> bool {
    move |message| message.topic == STATE && message.json()["frame"] == frame
}

/// A sink that is online through a network of the test's.
fn through_a_proxy() -> (Broker, Proxy, Subscriber, Teller) {
    let broker = Broker::open();
    let proxy = Proxy::to(broker.port);
    let mut subscriber = broker.subscribe();
    let teller = Teller::new(&options(&format!("mqtt://127.0.0.1:{}", proxy.port)));
    subscriber.next("online", is_online);
    (broker, proxy, subscriber, teller)
}

fn is_online(message: &broker::Message) -> bool {
    message.topic == AVAILABILITY && message.payload == "online"
}

#[test]
fn a_broker_that_comes_late_gets_the_newest_state_alone() {
    if !broker::is_here() {
        return;
    }
    let mut broker = Broker::open();
    broker.down();
    let mut teller = Teller::new(&options(&broker.address()));
    for frame in 0..100 {
        teller.frame(frame, Some((frame % 2) as u16));
    }
    teller.drain();
    assert_eq!(teller.missed.len(), 99, "all but the one that waits");
    for line in &teller.missed {
        assert!(
            line.starts_with(&broker.address()) && !line.contains('\n'),
            "{line}"
        );
    }
    // Why, as soon as an attempt has failed.
    let mut frame = 100;
    wait_for("the reason", || {
        teller.frame(frame, Some((frame % 2) as u16));
        frame += 1;
        teller
            .missed
            .last()
            .unwrap()
            .contains("refused")
            .then_some(())
    });
    teller.drain();
    assert_eq!(teller.missed.len() as u64, frame - 1);

    broker.up();
    let mut subscriber = broker.subscribe();
    subscriber.next("the newest", is_frame(frame - 1));
    subscriber.next("online", is_online);
    let states = subscriber.seen.iter().filter(|m| m.topic == STATE);
    assert_eq!(states.count(), 1, "no backlog");
    assert!(subscriber.seen.iter().any(|m| m.topic == CONFIG));
    teller.frame(frame, Some((frame % 2) as u16));
    subscriber.next("the next", is_frame(frame));
    teller.drain();
    assert_eq!(
        teller.missed.len() as u64,
        frame - 1,
        "the newest was not missed"
    );
}

#[test]
fn a_broker_that_restarts_is_told_everything_again() {
    if !broker::is_here() {
        return;
    }
    let mut broker = Broker::open();
    let mut teller = Teller::new(&options(&broker.address()));
    for round in 0..3 {
        let mut subscriber = broker.subscribe();
        teller.frame(2 * round, Some(0));
        subscriber.next("a cat", is_frame(2 * round));
        drop(subscriber);
        broker.down();
        broker.up();
        // It has forgotten all; nothing new has happened.
        let mut subscriber = broker.subscribe();
        subscriber.next("the state", is_frame(2 * round));
        subscriber.next("online", |m| {
            m.topic == AVAILABILITY && m.payload == "online"
        });
        assert!(subscriber.seen.iter().any(|m| m.topic == CONFIG));
        teller.frame(2 * round + 1, None);
        subscriber.next("the next", is_frame(2 * round + 1));
        let retained = broker.retained_of(STATE).unwrap();
        assert!(retained.contains("\"state\":\"unknown\""), "{retained}");
    }
    teller.drain();
    assert_eq!(teller.missed, [""; 0]);
}

#[test]
fn a_cut_connection_leaves_the_last_will_and_is_made_again() {
    if !broker::is_here() {
        return;
    }
    let broker = Broker::open();
    let proxy = Proxy::to(broker.port);
    let mut subscriber = broker.subscribe();
    let mut teller = Teller::new(&options(&format!("mqtt://127.0.0.1:{}", proxy.port)));
    teller.frame(1, Some(0));
    subscriber.next("online", is_online);

    proxy.cut();
    subscriber.next("the will", |m| {
        m.topic == AVAILABILITY && m.payload == "offline"
    });
    assert_eq!(broker.retained_of(AVAILABILITY).as_deref(), Some("offline"));
    teller.frame(2, Some(1));
    teller.frame(3, Some(0));

    proxy.mend();
    // What is true is said before it is said to be live.
    subscriber.next("the newest", is_frame(3));
    subscriber.next("online", is_online);
    assert!(!subscriber.seen.iter().any(is_frame(2)));
    teller.drain();
    assert_eq!(teller.missed.len(), 1);
}

#[test]
fn a_network_that_goes_silent_holds_nobody_up() {
    if !broker::is_here() {
        return;
    }
    let (_broker, proxy, mut subscriber, mut teller) = through_a_proxy();
    proxy.set_silent(true);
    for frame in 0..1000 {
        teller.frame(frame, Some((frame % 2) as u16));
    }
    teller.drain();
    // One may be on its way, one waits.
    let missed = teller.missed.len();
    assert!((998..=999).contains(&missed), "{missed}");
    proxy.set_silent(false);
    subscriber.next("the newest", is_frame(999));
    teller.drain();
    let frames = subscriber
        .seen
        .iter()
        .filter(|m| m.topic == STATE && m.json()["frame"].is_u64());
    assert_eq!(
        teller.missed.len() + frames.count(),
        1000,
        "each is delivered or counted"
    );
}

#[test]
fn a_network_that_stays_silent_is_left_and_tried_again() {
    if !broker::is_here() {
        return;
    }
    let (_broker, proxy, mut subscriber, mut teller) = through_a_proxy();
    proxy.set_silent(true);
    let mut frame = 0;
    for reason in ["acknowledges nothing within", "does not answer within"] {
        wait_for(reason, || {
            teller.frame(frame, Some((frame % 2) as u16));
            frame += 1;
            teller.missed.last()?.contains(reason).then_some(())
        });
    }
    proxy.set_silent(false);
    subscriber.next("the newest", is_frame(frame - 1));
    teller.frame(frame, Some((frame % 2) as u16));
    subscriber.next("the next", is_frame(frame));
}

#[test]
fn an_end_without_a_broker_is_counted_and_comes() {
    if !broker::is_here() {
        return;
    }
    let (_broker, proxy, mut subscriber, mut teller) = through_a_proxy();
    proxy.set_silent(true);
    let end = teller.sink.take(Event::Status(&ended()));
    assert!(matches!(end, Err(SinkError::Missed(_))), "{end:?}");
    drop(teller);
    // As when the process is gone: the broker says what the sink could not.
    proxy.cut();
    subscriber.next("the will", |m| {
        m.topic == AVAILABILITY && m.payload == "offline"
    });

    let mut nobody = Teller::new(&options(&format!(
        "mqtt://127.0.0.1:{}",
        broker::free_port()
    )));
    let end = nobody.sink.take(Event::Status(&ended()));
    assert!(matches!(end, Err(SinkError::Missed(_))), "{end:?}");
}

#[test]
fn a_listener_that_never_answers_is_given_up() {
    // No broker is needed: it takes the connection, and that is all.
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let mut teller = Teller::new(&options(&format!("mqtt://127.0.0.1:{port}")));
    let mut frame = 0;
    wait_for("the reason", || {
        teller.frame(frame, Some((frame % 2) as u16));
        frame += 1;
        let last = teller.missed.last()?;
        last.contains("does not answer within").then_some(())
    });
    assert!(teller.missed.len() as u64 <= frame);
}
