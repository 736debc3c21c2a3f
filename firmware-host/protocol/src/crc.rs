use crc::{CRC_32_ISCSI, Crc, Table};

/// Bytes of a CRC on the wire.
pub const CRC_LEN: usize = 5;

/// One table of 1 KiB.
const CASTAGNOLI: Crc<u32, Table<1>> = Crc::<u32, Table<1>>::new(&CRC_32_ISCSI);
static TABLE: Crc<u32, Table<1>> = CASTAGNOLI;

const MARK: u8 = 0x80;
const LAST_MASK: u8 = 0x0F;

/// The CRC of these bytes: polynomial 0x1EDC6F41, reflected, from 0xFFFFFFFF, inverted at the end.
pub fn checksum(bytes: &[u8]) -> u32 {
    TABLE.checksum(bytes)
}

/// Seven bits a byte, the lowest first, under a set bit: no byte is 0, and the bits keep the order of the CRC, so that
/// a burst on the wire is a burst of the same length or less to the CRC.
pub const fn to_wire(crc: u32) -> [u8; CRC_LEN] {
    let mut bytes = [0; CRC_LEN];
    let mut i = 0;
    while i < CRC_LEN {
        bytes[i] = (crc >> (7 * i)) as u8 | MARK;
        i += 1;
    }
    bytes
}

/// The CRC in these bytes, if they are of the form that [`to_wire`] gives.
pub const fn from_wire(bytes: [u8; CRC_LEN]) -> Option<u32> {
    let mut crc = 0;
    let mut i = 0;
    while i < CRC_LEN {
        let mask = if i == CRC_LEN - 1 { LAST_MASK } else { !MARK };
        if bytes[i] & !mask != MARK {
            return None;
        }
        crc |= ((bytes[i] & mask) as u32) << (7 * i);
        i += 1;
    }
    Some(crc)
}
