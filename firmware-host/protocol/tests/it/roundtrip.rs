//! What is encoded is decoded to the same, and back to the same bytes.

use normgate_protocol::{DELIMITER, Decoder, MAX_ENVELOPE, Packet};
use proptest::prelude::*;

use crate::strategies;

fn comes_back(packet: &Packet) -> Result<(), TestCaseError> {
    let envelope = packet.encode().unwrap();
    prop_assert!(envelope.len() <= MAX_ENVELOPE);
    prop_assert_eq!(envelope.first(), Some(&DELIMITER));
    prop_assert_eq!(envelope.last(), Some(&DELIMITER));
    prop_assert_eq!(
        envelope.iter().filter(|&&byte| byte == DELIMITER).count(),
        2
    );
    let mut decoder = Decoder::new();
    let received: Vec<_> = decoder.packets(&envelope).collect();
    prop_assert_eq!(received.len(), 1);
    let received = received[0].clone().unwrap();
    prop_assert_eq!(&received, packet);
    prop_assert_eq!(received.encode().unwrap(), envelope);
    prop_assert_eq!(decoder.statistics().good, 1);
    prop_assert_eq!(decoder.statistics().bad(), 0);
    Ok(())
}

macro_rules! come_back {
    ($($name:ident)*) => {
        proptest! {$(
            #[test]
            fn $name(packet in strategies::$name()) {
                comes_back(&packet)?;
            }
        )*}
    };
}

come_back! { hellos labels verdicts heartbeats acks commands faults }
