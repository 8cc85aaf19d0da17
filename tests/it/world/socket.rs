//! A WebSocket as a page has it (RFC 6455), by hand: one text message at a time.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// A handshake or a message takes no longer.
const WAIT: Duration = Duration::from_secs(20);
const MASK: u8 = 7;

/// What comes out of a socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame {
    Text(String),
    /// The close code.
    Close(u16),
    /// Nothing came in time.
    Nothing,
}

/// An open socket.
pub struct Socket(TcpStream);

impl Socket {
    /// Opens one; the HTTP status when the other side does not want to.
    pub fn open(server: &str, path: &str, origin: Option<&str>) -> Result<Self, u16> {
        let host = server.strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(host).unwrap();
        stream.set_read_timeout(Some(WAIT)).unwrap();
        let origin = origin.map(|origin| format!("Origin: {origin}\r\n")).unwrap_or_default();
        let key = STANDARD.encode([7_u8; 16]);
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n{origin}\r\n"
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") {
            stream.read_exact(&mut byte).unwrap();
            head.push(byte[0]);
        }
        let head = String::from_utf8(head).unwrap();
        let status: u16 = head.split(' ').nth(1).unwrap().parse().unwrap();
        if status == 101 { Ok(Self(stream)) } else { Err(status) }
    }

    /// Says something.
    pub fn say(&mut self, text: &str) {
        let bytes = text.as_bytes();
        let mut frame = vec![0x81];
        match u8::try_from(bytes.len()) {
            Ok(short) if short < 126 => frame.push(0x80 | short),
            _ => {
                frame.push(0x80 | 126);
                frame.extend(u16::try_from(bytes.len()).unwrap().to_be_bytes());
            }
        }
        // Always the same: masks are for proxies, and there is none. But Firefox takes zeroes for no mask.
        frame.extend([MASK; 4]);
        frame.extend(bytes.iter().map(|byte| byte ^ MASK));
        self.0.write_all(&frame).unwrap();
    }

    /// What comes next, within the usual patience.
    pub fn hear(&mut self) -> Frame {
        self.hear_within(WAIT)
    }

    /// What comes next.
    pub fn hear_within(&mut self, patience: Duration) -> Frame {
        self.0.set_read_timeout(Some(patience)).unwrap();
        let mut head = [0; 2];
        match self.0.read_exact(&mut head) {
            Ok(()) => {}
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
                return Frame::Close(1006);
            }
            Err(_) => return Frame::Nothing,
        }
        let mut rest = |count: usize| {
            let mut bytes = vec![0; count];
            self.0.read_exact(&mut bytes).unwrap();
            bytes
        };
        let length = match head[1] {
            126 => u16::from_be_bytes(rest(2).try_into().unwrap()).into(),
            127 => usize::try_from(u64::from_be_bytes(rest(8).try_into().unwrap())).unwrap(),
            short => usize::from(short),
        };
        let body = rest(length);
        match head[0] & 0x0f {
            1 => Frame::Text(String::from_utf8(body).unwrap()),
            8 => Frame::Close(body.first_chunk().map_or(1005, |code| u16::from_be_bytes(*code))),
            other => panic!("a frame of kind {other}"),
        }
    }
}
