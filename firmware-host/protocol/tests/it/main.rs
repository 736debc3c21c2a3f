//! What normgate-protocol promises: by property, by damage, against stored vectors and an independent decoder.

mod cases;
mod corruption;
mod crc;
mod damage;
mod false_accepts;
mod freshness;
mod labels;
mod limits;
mod python;
mod refusals;
mod roundtrip;
mod sequence;
mod strategies;
mod stream;
mod vectors;
