//! What the targets have in common: an installation, a time, a way to write requests down.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use edge::config::{Channel, Config};
use edge::provider::{self, Inbound, Provider};
use shared::id::ChannelId;
use shared::problem::Code;
use shared::sorted::Sorted;
use shared::time::Timestamp;

/// When everything happens.
pub const NOW: Timestamp = Timestamp::from_seconds(1_795_257_664);

/// The demo's installation.
pub fn config() -> &'static Config {
    static CONFIG: OnceLock<Config> = OnceLock::new();
    CONFIG.get_or_init(|| load(&secrets()))
}

/// The demo's secrets, by their names.
pub fn secrets() -> BTreeMap<String, String> {
    serde_json::from_str(include_str!("../../../edge/testdata/demo-secrets.json")).unwrap()
}

fn load(secrets: &BTreeMap<String, String>) -> Config {
    let document = include_str!("../../../edge/testdata/demo-config.json");
    Config::load(document, &|name| secrets.get(name).cloned(), true).unwrap()
}

/// The same, once more, for those who keep it.
pub fn own_config() -> Config {
    load(&secrets())
}

/// A channel and its adapter.
pub fn channel(id: &str) -> (&'static Channel, &'static dyn Provider) {
    let channel = config().channels.get(&ChannelId::parse(id).unwrap()).unwrap();
    (channel, provider::by_name(channel.provider).unwrap())
}

/// A request as the targets have it: a first line of their own, headers, an empty line, a body.
pub struct Written<'a> {
    /// The first line.
    pub first: String,
    /// Names in lower case.
    pub headers: Sorted<String, String>,
    /// The rest.
    pub body: &'a [u8],
}

impl<'a> Written<'a> {
    /// Reads it; whatever comes, something is read.
    pub fn read(bytes: &'a [u8]) -> Self {
        let end = bytes.windows(2).position(|two| two == b"\n\n");
        let (head, body) = end.map_or((bytes, &[][..]), |at| (&bytes[..at], &bytes[at + 2..]));
        let head = String::from_utf8_lossy(head);
        let mut lines = head.split('\n');
        let first = lines.next().unwrap_or_default().to_owned();
        let header = |line: &str| {
            let (name, value) = line.split_once(": ")?;
            Some((name.to_ascii_lowercase(), value.to_owned()))
        };
        Self { first, headers: lines.filter_map(header).collect(), body }
    }

    /// As an adapter sees it.
    pub fn inbound<'b>(&'b self, query: &'b str) -> Inbound<'b> {
        Inbound { headers: &self.headers, query, body: self.body }
    }
}

/// A code of the closed list, and the same each time.
pub fn closed(code: Code, again: Option<Code>) {
    assert_eq!(Some(code), again, "the same input is refused for the same reason");
    assert!(Code::ALL.contains(&code), "the list of codes is closed");
    assert_ne!(code, Code::Internal, "no input is our mistake");
}
