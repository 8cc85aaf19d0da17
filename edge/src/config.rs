//! Merchants, channels and keys: one JSON document and the secrets it names, checked as a whole.
//!
//! # Why
//! The document is public and can be read in a review; secrets stand in it by name only. A service with
//! a hole in its configuration does not start, and it says everything that is wrong at once: who
//! repairs a configuration by starting it ten times does so on the day of a rotation.

use shared::id::{ChannelId, Home, MerchantId};
use shared::means::Means;
use shared::money::AMOUNT_MAX;
use shared::sorted::Sorted;

use crate::json::{self, Field, Limits};
use crate::mail::Mailbox;
use crate::outbox::endpoint_allowed;
use crate::provider::{self, Account};
use crate::secret::Secret;
use crate::signature::{digest, webhook_secret};
use crate::token::{Key, Keys, KeysError, weak};

mod address;

pub use address::{is_exact_origin, return_url};

/// The largest configuration; the runtime ends a variable at 5 KiB to 1 MiB depending on its kind.
const LIMITS: Limits = Limits { bytes: 1024 * 1024, depth: 8 };

/// Looks a secret up by its name.
pub type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Everything that an installation is told.
#[derive(Debug)]
pub struct Config {
    /// The origin under which browsers see the edge; the issuer of tokens.
    pub public_origin: String,
    /// How many objects own checkouts.
    pub shards: u8,
    /// Generation of the sharding rule, 1 to 9.
    pub generation: u8,
    /// Sign and verify tokens.
    pub token_keys: Keys,
    /// From it state keys, window keys, return keys and nonces are derived.
    pub derive_secret: Secret<Vec<u8>>,
    /// Every merchant.
    pub merchants: Sorted<MerchantId, Merchant>,
    /// Every channel.
    pub channels: Sorted<ChannelId, Channel>,
    /// The largest amount of a checkout, in minor units.
    pub amount_max: u64,
}

/// A shop.
#[derive(Debug)]
pub struct Merchant {
    /// Its id.
    pub id: MerchantId,
    /// What buyers call it.
    pub name: String,
    /// The same in English.
    pub name_en: String,
    /// SHA-256 of its API keys; two while they are rotated.
    pub api_keys: Vec<[u8; 32]>,
    /// The origins of its pages.
    pub origins: Vec<String>,
    /// The origins to which buyers are sent back.
    pub return_origins: Vec<String>,
    /// Where its notices go.
    pub notice: NoticeTarget,
    /// Verify its quotes; two while they are rotated.
    pub quote_keys: Vec<Key>,
    /// No money moves.
    pub test_mode: bool,
}

/// Where a merchant's notices go.
#[derive(Debug)]
pub struct NoticeTarget {
    /// The address.
    pub endpoint: String,
    /// Signs them, by Standard Webhooks; the key of the mail gateway, where there is one.
    pub secret: Secret<Vec<u8>>,
    /// They go as mail, through a gateway at the address.
    pub mail: Option<Mailbox>,
}

/// One contract of a merchant with a provider.
#[derive(Debug)]
pub struct Channel {
    /// Its id.
    pub id: ChannelId,
    /// Whose.
    pub merchant: MerchantId,
    /// The provider's name, one of `provider::ALL`.
    pub provider: &'static str,
    /// Settings and secrets of the contract.
    pub account: Account,
    /// What the contract covers, in the order in which buyers see it.
    pub means: Vec<Means>,
    /// No money moves.
    pub test_mode: bool,
}

struct Document {
    public_origin: String,
    generation: u8,
    shards: u8,
    amount_max: u64,
    token_keys: Vec<TokenKey>,
    derive_secret: String,
    merchants: Vec<MerchantRecord>,
    channels: Vec<ChannelRecord>,
}

struct TokenKey {
    kid: String,
    secret: String,
}

struct MerchantRecord {
    id: String,
    name: String,
    name_en: String,
    test_mode: bool,
    api_keys: Vec<String>,
    origins: Vec<String>,
    return_origins: Vec<String>,
    notice: NoticeRecord,
    quote_keys: Vec<TokenKey>,
}

struct NoticeRecord {
    endpoint: String,
    secret: String,
    mail: Option<Mailbox>,
}

struct ChannelRecord {
    id: String,
    merchant: String,
    provider: String,
    test_mode: bool,
    means: Vec<String>,
    settings: Sorted<String, String>,
    secrets: Sorted<String, String>,
}

impl Document {
    fn of(field: Field<'_>) -> Self {
        let field = field.only(&[
            "public_origin",
            "generation",
            "shards",
            "amount_max",
            "token_keys",
            "derive_secret",
            "merchants",
            "channels",
        ]);
        Self {
            public_origin: field.get("public_origin").text(),
            generation: field.get("generation").small(),
            shards: field.get("shards").small(),
            amount_max: field.get("amount_max").number(),
            token_keys: field.get("token_keys").list().into_iter().map(TokenKey::of).collect(),
            derive_secret: field.get("derive_secret").text(),
            merchants: field.get("merchants").list().into_iter().map(MerchantRecord::of).collect(),
            channels: field.get("channels").list().into_iter().map(ChannelRecord::of).collect(),
        }
    }
}

impl TokenKey {
    fn of(field: Field<'_>) -> Self {
        let field = field.only(&["kid", "secret"]);
        Self { kid: field.get("kid").text(), secret: field.get("secret").text() }
    }
}

impl MerchantRecord {
    fn of(field: Field<'_>) -> Self {
        let field = field.only(&[
            "id",
            "name",
            "name_en",
            "test_mode",
            "api_keys",
            "origins",
            "return_origins",
            "notice",
            "quote_keys",
        ]);
        Self {
            id: field.get("id").text(),
            name: field.get("name").text(),
            name_en: field.get("name_en").text(),
            test_mode: field.get("test_mode").flag(),
            api_keys: field.get("api_keys").texts(),
            origins: field.get("origins").texts(),
            return_origins: field.get("return_origins").texts(),
            notice: NoticeRecord::of(field.get("notice")),
            quote_keys: field.get("quote_keys").list_or_none().map(TokenKey::of).collect(),
        }
    }
}

impl NoticeRecord {
    fn of(field: Field<'_>) -> Self {
        let field = field.only(&["endpoint", "secret", "mail"]);
        Self {
            endpoint: field.get("endpoint").text(),
            secret: field.get("secret").text(),
            mail: field.get("mail").option().map(Mailbox::of),
        }
    }
}

impl ChannelRecord {
    fn of(field: Field<'_>) -> Self {
        let field = field.only(&[
            "id",
            "merchant",
            "provider",
            "test_mode",
            "means",
            "settings",
            "secrets",
        ]);
        Self {
            id: field.get("id").text(),
            merchant: field.get("merchant").text(),
            provider: field.get("provider").text(),
            test_mode: field.get("test_mode").flag(),
            means: field.get("means").texts(),
            settings: settings(field.get("settings")),
            secrets: settings(field.get("secrets")),
        }
    }
}

/// Names and values; an absent table is an empty one.
fn settings(field: Field<'_>) -> Sorted<String, String> {
    let mut settings = Sorted::default();
    for (name, value) in field.entries_or_none() {
        settings.insert(name.to_owned(), value.text());
    }
    settings
}

impl Config {
    /// Where a name lives.
    #[must_use]
    pub fn home_of_name(&self, name: &str) -> Home {
        // Orders of one quote have one owner, whose bounds are counted in one place.
        let of_quote =
            |rest: &&str| rest.len() == 16 && rest.bytes().all(|c| c.is_ascii_hexdigit());
        let whole = name.rsplit_once('.').filter(|(_, rest)| of_quote(rest));
        let name = whole.map_or(name, |(whole, _)| whole);
        let shard = digest(name.as_bytes()).first().copied().unwrap_or_default();
        let shard = shard.checked_rem(self.shards).unwrap_or_default();
        Home { generation: self.generation, shard }
    }

    /// Reads the document. `allow_loopback` is for builds with the feature `demo`: plain http and
    /// addresses of this machine.
    ///
    /// # Errors
    /// Every problem, one sentence each, without the value of any secret.
    pub fn load(
        document: &str,
        secrets: Lookup<'_>,
        allow_loopback: bool,
    ) -> Result<Self, Vec<String>> {
        let document = json::read(document.as_bytes(), LIMITS, Document::of)
            .map_err(|refusal| vec![format!("{}: {}", refusal.code, refusal.detail)])?;
        let mut reader = Reader { secrets, allow_loopback, problems: Vec::new() };
        let config = reader.config(document);
        match config {
            Some(config) if reader.problems.is_empty() => Ok(config),
            _ => Err(reader.problems),
        }
    }

    /// The key of this name with which a shop signs quotes, and the shop.
    #[must_use]
    pub fn quote_key<'a>(&'a self, kid: &str) -> Option<(&'a Merchant, &'a Key)> {
        let pairs = |shop: &'a Merchant| shop.quote_keys.iter().map(move |key| (shop, key));
        self.merchants.values().flat_map(pairs).find(|(_, key)| key.kid == kid)
    }
}

/// Collects problems while it reads; what it returns is only used when there are none.
struct Reader<'a> {
    secrets: Lookup<'a>,
    allow_loopback: bool,
    problems: Vec<String>,
}

impl Reader<'_> {
    fn problem(&mut self, at: &str, what: &str) {
        self.problems.push(format!("{at}: {what}"));
    }

    fn secret(&mut self, at: &str, name: &str) -> String {
        let found = (self.secrets)(name).filter(|value| !value.is_empty());
        if found.is_none() {
            self.problem(at, &format!("the secret {name} is not set"));
        }
        found.unwrap_or_default()
    }

    fn origin(&mut self, at: &str, text: &str) {
        if !is_exact_origin(text, self.allow_loopback) {
            self.problem(at, &format!("\"{text}\" is not an exact https origin"));
        }
    }

    fn config(&mut self, document: Document) -> Option<Config> {
        self.origin("public_origin", &document.public_origin);
        if !(1..=9).contains(&document.generation) {
            self.problem("generation", "is not 1 to 9");
        }
        if document.shards == 0 {
            self.problem("shards", "is 0, the smallest is 1");
        }
        if !(1..=AMOUNT_MAX).contains(&document.amount_max) {
            self.problem("amount_max", &format!("is not 1 to {AMOUNT_MAX} (minor units)"));
        }
        let derive_secret = self.secret("derive_secret", &document.derive_secret).into_bytes();
        if !derive_secret.is_empty() && weak(&derive_secret) {
            self.problem("derive_secret", "config_secret_weak");
        }
        let token_keys = self.token_keys(&document.public_origin, document.token_keys);
        let merchants = self.merchants(document.merchants);
        let channels = self.channels(document.channels, &merchants);
        Some(Config {
            public_origin: document.public_origin,
            shards: document.shards,
            generation: document.generation,
            token_keys: token_keys?,
            derive_secret: Secret::new(derive_secret),
            merchants,
            channels,
            amount_max: document.amount_max,
        })
    }

    fn token_keys(&mut self, issuer: &str, records: Vec<TokenKey>) -> Option<Keys> {
        let mut keys = Vec::new();
        for TokenKey { kid, secret } in records {
            let secret =
                Secret::new(self.secret(&format!("token key {kid}"), &secret).into_bytes());
            keys.push(Key { kid, secret });
        }
        let errors = match Keys::new(issuer.to_owned(), keys) {
            Ok(keys) => return Some(keys),
            Err(errors) => errors,
        };
        for error in errors {
            match error {
                KeysError::Missing => self.problem("token_keys", "there is none"),
                KeysError::Weak(kid) => {
                    self.problem(&format!("token key {kid}"), "config_secret_weak");
                }
                KeysError::Name(kid) => {
                    self.problem(&format!("token key {kid}"), "its name is taken or malformed");
                }
            }
        }
        None
    }

    fn merchants(&mut self, records: Vec<MerchantRecord>) -> Sorted<MerchantId, Merchant> {
        let mut merchants = Sorted::default();
        let mut keys_seen: Vec<[u8; 32]> = Vec::new();
        if records.is_empty() {
            self.problem("merchants", "there is none");
        }
        for record in records {
            let at = format!("merchant {}", record.id);
            let api_keys = self.api_keys(&at, &record);
            let mut twice = false;
            for key in &api_keys {
                twice = twice || keys_seen.contains(key);
                keys_seen.push(*key);
            }
            if twice {
                self.problem(&at, "one of its API keys is used twice");
            }
            for origin in record.origins.iter().chain(&record.return_origins) {
                self.origin(&at, origin);
            }
            let notice = self.notice(&at, &record);
            let quote_keys = self.quote_keys(&at, &record.quote_keys, &merchants);
            let Some(id) = MerchantId::parse(&record.id) else {
                self.problem(&at, "its id is not 1 to 32 characters of A-Z a-z 0-9 . _ -");
                continue;
            };
            let merchant = Merchant {
                id: id.clone(),
                name: record.name,
                name_en: record.name_en,
                api_keys,
                origins: record.origins,
                return_origins: record.return_origins,
                notice,
                quote_keys,
                test_mode: record.test_mode,
            };
            if merchants.insert(id, merchant).is_some() {
                self.problem(&at, "occurs twice");
            }
        }
        merchants
    }

    fn api_keys(&mut self, at: &str, record: &MerchantRecord) -> Vec<[u8; 32]> {
        /// Prefix and at least 128 bits in hexadecimal or better.
        const API_KEY_BYTES_MIN: usize = 32;
        let prefix = if record.test_mode { "sk_test_" } else { "sk_live_" };
        if record.api_keys.is_empty() {
            self.problem(at, "it has no API key");
        }
        let mut digests = Vec::new();
        for name in &record.api_keys {
            let key = self.secret(at, name);
            if key.is_empty() {
                continue;
            }
            if !key.starts_with(prefix) {
                self.problem(at, &format!("{name} does not begin with {prefix}"));
            }
            let visible = key.bytes().all(|b| b.is_ascii_graphic() && b != b',');
            let live_weak = !record.test_mode && weak(key.as_bytes());
            if key.len() < API_KEY_BYTES_MIN || !visible || live_weak {
                self.problem(at, &format!("{name} config_secret_weak"));
            }
            digests.push(digest(key.as_bytes()));
        }
        digests
    }

    /// A quote finds its shop by its key's name, so no two shops have one of the same name.
    fn quote_keys(
        &mut self,
        at: &str,
        records: &[TokenKey],
        others: &Sorted<MerchantId, Merchant>,
    ) -> Vec<Key> {
        let mut keys: Vec<Key> = Vec::new();
        for TokenKey { kid, secret } in records {
            let key =
                Key { kid: kid.clone(), secret: Secret::new(self.secret(at, secret).into_bytes()) };
            let mut known = others.values().flat_map(|other| &other.quote_keys).chain(&keys);
            if !key.is_named() || known.any(|other| other.kid == key.kid) {
                self.problem(at, &format!("the name of its quote key {kid} is taken or malformed"));
            }
            if !key.secret.expose().is_empty() && weak(key.secret.expose()) {
                self.problem(at, &format!("{secret} config_secret_weak"));
            }
            keys.push(key);
        }
        keys
    }

    fn notice(&mut self, at: &str, record: &MerchantRecord) -> NoticeTarget {
        let NoticeRecord { endpoint, secret: name, mail } = &record.notice;
        if let Err(why) = endpoint_allowed(endpoint, self.allow_loopback) {
            self.problem(at, &format!("its notice endpoint {why}"));
        }
        let text = self.secret(at, name);
        if let Some(mailbox) = mail {
            if !mailbox.is_usable() {
                self.problem(at, "its mail needs from and to, each an address of up to 254 bytes");
            }
            let secret = Secret::new(text.into_bytes());
            return NoticeTarget {
                endpoint: endpoint.clone(),
                secret,
                mail: Some(mailbox.clone()),
            };
        }
        let secret = webhook_secret(&text).unwrap_or(Secret::new(Vec::new()));
        let malformed = !text.is_empty() && secret.expose().is_empty();
        if malformed || (!record.test_mode && !text.is_empty() && weak(secret.expose())) {
            self.problem(at, &format!("{name} config_secret_weak: whsec_ and 24 to 64 bytes"));
        }
        NoticeTarget { endpoint: endpoint.clone(), secret, mail: None }
    }

    fn channels(
        &mut self,
        records: Vec<ChannelRecord>,
        merchants: &Sorted<MerchantId, Merchant>,
    ) -> Sorted<ChannelId, Channel> {
        let mut channels = Sorted::default();
        for record in records {
            let at = format!("channel {}", record.id);
            let (id, channel) = match self.channel(&at, &record, merchants) {
                Some(channel) => (channel.id.clone(), channel),
                None => continue,
            };
            if channels.insert(id, channel).is_some() {
                self.problem(&at, "occurs twice");
            }
        }
        channels
    }

    fn channel(
        &mut self,
        at: &str,
        record: &ChannelRecord,
        merchants: &Sorted<MerchantId, Merchant>,
    ) -> Option<Channel> {
        let id = ChannelId::parse(&record.id);
        if id.is_none() {
            self.problem(at, "its id is not 1 to 32 characters of A-Z a-z 0-9 . _ -");
        }
        let owner = MerchantId::parse(&record.merchant).and_then(|id| merchants.get(&id));
        match owner {
            None => self.problem(at, &format!("its merchant \"{}\" is unknown", record.merchant)),
            Some(owner) if owner.test_mode != record.test_mode => {
                self.problem(at, "test and live are mixed: its merchant is the other");
            }
            Some(_) => {}
        }
        let account = self.account(at, record);
        let Some(provider) = provider::by_name(&record.provider) else {
            self.problem(at, &format!("its provider \"{}\" is unknown", record.provider));
            return None;
        };
        for problem in provider.check(&account) {
            self.problem(at, &problem);
        }
        let capabilities = provider.capabilities();
        let mut means = Vec::new();
        for word in &record.means {
            let known = Means::parse(word);
            let offered = known.filter(|m| capabilities.terms(*m).is_some());
            match offered.filter(|m| !means.contains(m)) {
                Some(each) => means.push(each),
                None => self
                    .problem(at, &format!("the means \"{word}\" is unknown, not offered or twice")),
            }
        }
        if record.means.is_empty() {
            self.problem(at, "it has no means of payment");
        }
        Some(Channel {
            id: id?,
            merchant: owner?.id.clone(),
            provider: capabilities.name,
            account,
            means,
            test_mode: record.test_mode,
        })
    }

    fn account(&mut self, at: &str, record: &ChannelRecord) -> Account {
        let mut secrets: Sorted<String, String> = Sorted::default();
        for (name, secret) in record.secrets.iter() {
            secrets.insert(name.clone(), self.secret(at, secret));
        }
        // Providers mark their keys by these words; a channel whose word is the other moves real money
        // in a test, or none in earnest.
        let wrong = if record.test_mode { "live_" } else { "test_" };
        for (name, value) in record.settings.iter().chain(secrets.iter()) {
            if value.starts_with(wrong) {
                self.problem(at, &format!("test and live are mixed: {name} is a {wrong} key"));
            }
        }
        let secret = |(name, value): (&String, &String)| (name.clone(), Secret::new(value.clone()));
        let secrets = secrets.iter().map(secret).collect();
        Account { test_mode: record.test_mode, settings: record.settings.clone(), secrets }
    }
}

/// The demo's configuration, for tests of other modules.
#[cfg(test)]
#[must_use]
pub(crate) fn demo() -> Config {
    tests::load(tests::DEMO).expect("the demo's configuration is valid")
}

#[cfg(test)]
mod tests;
