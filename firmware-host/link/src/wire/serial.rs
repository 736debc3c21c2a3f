use std::fmt;
use std::io::{self, ErrorKind};
use std::str::FromStr;
use std::time::Duration;

use serialport::{
    ClearBuffer, DataBits, FlowControl, Parity, SerialPort, SerialPortInfo, SerialPortType,
    StopBits,
};

use super::Wire;
use crate::error::LinkError;

/// Where a serial port is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Port {
    /// By its path or name: `/dev/ttyACM0`, `COM3`.
    Path(String),
    /// By what is plugged in, wherever it turns up: `usb:2e8a:000a` or `usb:2e8a:000a:E660583883724A2F`.
    Usb {
        /// Vendor.
        vendor: u16,
        /// Product.
        product: u16,
        /// Serial number; needed if several such devices are plugged in.
        serial: Option<String>,
    },
}

impl FromStr for Port {
    type Err = LinkError;

    fn from_str(text: &str) -> Result<Self, LinkError> {
        let wrong = || LinkError::Port {
            found: text.to_owned(),
        };
        let Some(id) = text.strip_prefix("usb:") else {
            return if text.is_empty() {
                Err(wrong())
            } else {
                Ok(Self::Path(text.to_owned()))
            };
        };
        let hex = |part: Option<&str>| {
            part.filter(|part| part.len() == 4 && part.bytes().all(|b| b.is_ascii_hexdigit()))
                .and_then(|part| u16::from_str_radix(part, 16).ok())
                .ok_or_else(wrong)
        };
        // A serial number may have colons.
        let mut parts = id.splitn(3, ':');
        let (vendor, product) = (hex(parts.next())?, hex(parts.next())?);
        let serial = parts.next().map(str::to_owned);
        if serial.as_deref() == Some("") {
            return Err(wrong());
        }
        Ok(Self::Usb {
            vendor,
            product,
            serial,
        })
    }
}

impl fmt::Display for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(path) => f.write_str(path),
            Self::Usb {
                vendor,
                product,
                serial,
            } => {
                write!(f, "usb:{vendor:04x}:{product:04x}")?;
                serial.iter().try_for_each(|serial| write!(f, ":{serial}"))
            }
        }
    }
}

impl Port {
    /// The name to open: the one of `ports` that it is.
    fn among(&self, ports: &[SerialPortInfo]) -> io::Result<String> {
        let Self::Usb {
            vendor,
            product,
            serial,
        } = self
        else {
            return Ok(self.to_string());
        };
        let mut found = ports.iter().filter(|port| match &port.port_type {
            SerialPortType::UsbPort(usb) => {
                usb.vid == *vendor
                    && usb.pid == *product
                    && (serial.is_none() || usb.serial_number == *serial)
            }
            _ => false,
        });
        match (found.next(), found.next()) {
            (Some(port), None) => Ok(port.port_name.clone()),
            (None, _) => Err(io::Error::new(
                ErrorKind::NotFound,
                format!("no {self} is plugged in"),
            )),
            (Some(one), Some(other)) => Err(io::Error::new(
                ErrorKind::InvalidInput,
                format!(
                    "{self} is both {} and {}: name its serial number",
                    one.port_name, other.port_name
                ),
            )),
        }
    }

    fn find(&self) -> io::Result<String> {
        match self {
            Self::Path(path) => Ok(path.clone()),
            Self::Usb { .. } => self.among(&serialport::available_ports()?),
        }
    }
}

/// Bytes written at once. The port is in blocking mode, and "ready" promises only some room; the drivers of UARTs and USB
/// devices have room for this much at least when they say so, so that writing never waits for a device that hangs.
const WRITE: usize = 64;

/// A serial port: 8 bits, no parity, one stop bit, no flow control. Looked up anew whenever it is opened.
pub struct Serial {
    port: Port,
    baud: u32,
    open: Option<Box<dyn SerialPort>>,
}

impl fmt::Debug for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Serial")
            .field("port", &self.port)
            .field("baud", &self.baud)
            .field("is_open", &self.open.is_some())
            .finish()
    }
}

impl Serial {
    /// Not open yet.
    pub const fn new(port: Port, baud: u32) -> Self {
        Self {
            port,
            baud,
            open: None,
        }
    }

    /// Does something with the port; closes it if that fails, so that a device that comes back gets its name again.
    fn with<T>(
        &mut self,
        action: impl FnOnce(&mut dyn SerialPort) -> io::Result<T>,
    ) -> io::Result<Option<T>> {
        let open = self.open.as_deref_mut();
        let open = open.ok_or_else(|| io::Error::from(ErrorKind::NotConnected))?;
        match action(open) {
            Ok(done) => Ok(Some(done)),
            Err(error) if is_patience(error.kind()) => Ok(None),
            Err(error) => {
                self.open = None;
                Err(error)
            }
        }
    }
}

const fn is_patience(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::TimedOut | ErrorKind::WouldBlock | ErrorKind::Interrupted
    )
}

impl Wire for Serial {
    fn read(&mut self, bytes: &mut [u8], wait: Duration) -> io::Result<usize> {
        if bytes.is_empty() {
            return Ok(0);
        }
        let count = self.with(|port| {
            port.set_timeout(wait)?;
            match port.read(bytes)? {
                // Ready and without a byte: a device that was pulled out.
                0 => Err(io::Error::from(ErrorKind::BrokenPipe)),
                count => Ok(count),
            }
        })?;
        Ok(count.unwrap_or(0))
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.with(|port| {
            port.set_timeout(Duration::ZERO)?;
            port.write(bytes.get(..WRITE).unwrap_or(bytes))
        })?;
        Ok(count.unwrap_or(0))
    }

    fn unsent(&mut self) -> io::Result<usize> {
        let count = self.with(|port| Ok(port.bytes_to_write()?))?;
        Ok(count.unwrap_or(0) as usize)
    }

    fn reopen(&mut self) -> io::Result<()> {
        // Closed first: it is opened for one user alone.
        self.open = None;
        let name = self.port.find()?;
        let port = serialport::new(name, self.baud)
            .data_bits(DataBits::Eight)
            .parity(Parity::None)
            .stop_bits(StopBits::One)
            .flow_control(FlowControl::None)
            .timeout(Duration::ZERO)
            .open()?;
        port.clear(ClearBuffer::All)?;
        self.open = Some(port);
        Ok(())
    }

    fn name(&self) -> String {
        format!("{} at {} baud", self.port, self.baud)
    }
}

#[cfg(test)]
mod tests {
    use serialport::UsbPortInfo;

    use super::*;

    fn plugged(name: &str, pid: u16, serial: &str) -> SerialPortInfo {
        SerialPortInfo {
            port_name: name.to_owned(),
            port_type: SerialPortType::UsbPort(UsbPortInfo {
                vid: 0x2E8A,
                pid,
                serial_number: Some(serial.to_owned()),
                manufacturer: None,
                product: None,
            }),
        }
    }

    #[test]
    fn ports_are_read_as_they_are_written() {
        for text in ["/dev/ttyACM0", "usb:2e8a:000a", "usb:2e8a:000a:A:B"] {
            assert_eq!(text.parse::<Port>().unwrap().to_string(), text);
        }
        for text in [
            "",
            "usb:",
            "usb:2e8a",
            "usb:2e8a:a",
            "usb:2e8a:000a:",
            "usb:+e8a:000a",
        ] {
            assert!(text.parse::<Port>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_usb_device_is_found_by_its_id() {
        let ports = [
            plugged("a", 10, "S1"),
            plugged("b", 10, "S2"),
            plugged("c", 11, "S3"),
        ];
        let find = |text: &str| text.parse::<Port>().unwrap().among(&ports);
        assert_eq!(find("usb:2e8a:000b").unwrap(), "c");
        assert_eq!(find("usb:2e8a:000a:S2").unwrap(), "b");
        assert_eq!(
            find("usb:2e8a:000a").unwrap_err().kind(),
            ErrorKind::InvalidInput
        );
        assert_eq!(
            find("usb:2e8a:000c").unwrap_err().kind(),
            ErrorKind::NotFound
        );
    }

    #[test]
    fn a_port_that_is_not_there_is_not_found() {
        let mut wire = Serial::new(Port::Path("/dev/no-such-port".to_owned()), 115_200);
        assert_eq!(wire.reopen().unwrap_err().kind(), ErrorKind::NotFound);
        assert_eq!(wire.unsent().unwrap_err().kind(), ErrorKind::NotConnected);
    }
}
