//! What normgate-link promises: over a line in memory on a simulated clock, by property under faults, over a real
//! pseudo-terminal, and on a thread.

mod bench;
mod delivery;
mod faults;
mod greeting;
mod hello;
mod monitor;
#[cfg(unix)]
mod pty;
mod safe;
mod sim;
#[cfg(unix)]
mod sink;
mod spy;
mod table;
mod thread;
mod unplug;
mod vain;
mod versions;
