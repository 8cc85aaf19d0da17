//! Signs and verifies the one-time token, given keys and now. It keeps no list of used ids: that a
//! `jti` works once (I-7) is kept by the checkout's object.
//!
//! # Why
//! One token has one spelling. The three segments are decoded strictly (base64url, no padding, unused
//! bits zero), the header is compared with the only header that we write, and all of that happens
//! before `jsonwebtoken` sees a byte: nothing in the token chooses an algorithm or a key beyond naming
//! one of ours. Until the signature fits, every failure is `token_invalid`, so that nobody can learn
//! from answers; after it, codes are precise.
//!
//! `jsonwebtoken` comes without cryptography and its HS256 is ours (`PROVIDER`): its own features
//! bring RSA and P-384, five times the module's size. It makes and compares the signature alone: its
//! records of headers and claims know all of JWK and a clock, and ours are stricter; `Claims::check` is
//! handed a time.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::crypto::{self, CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{Error, ErrorKind};
use jsonwebtoken::signature::{self as seal, Signer, Verifier};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey};
use shared::claims::{Claims, ClaimsError, ClaimsRecord};
use shared::problem::Code;
use shared::time::Timestamp;

use crate::json::{self, Field, Limits, Writer};
use crate::secret::Secret;
use crate::signature::{equal, hmac_sha256};

/// The longest token: ours have 500 bytes.
pub const TOKEN_BYTES_MAX: usize = 4096;

/// The shortest signing key, in bytes: HS256 asks for as many as its digest has (RFC 7518, 3.2).
pub const KEY_BYTES_MIN: usize = 32;

/// The `typ` of our header, so that no other JWT of anybody's is taken for one of ours.
pub const TYPE: &str = "hanbeon+jwt";

/// The largest header or payload has one level; a second one is for nobody.
const TOKEN_LIMITS: Limits = Limits { bytes: TOKEN_BYTES_MAX, depth: 2 };

/// One signing key and its public name.
#[derive(Debug)]
pub struct Key {
    /// `[A-Za-z0-9._-]`, printed in every token's header.
    pub kid: String,
    /// At least [`KEY_BYTES_MIN`] bytes.
    pub secret: Secret<Vec<u8>>,
}

impl Key {
    /// Whether its name is 1 to 32 of `[A-Za-z0-9._-]`.
    #[must_use]
    pub fn is_named(&self) -> bool {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
        (1..=32).contains(&self.kid.len()) && self.kid.bytes().all(allowed)
    }
}

/// The keys of one issuer: the first signs, all verify. A new key is put in front of the old one, which
/// stays as long as its last token can live (F55).
#[derive(Debug)]
pub struct Keys {
    issuer: String,
    first: Key,
    others: Vec<Key>,
}

/// Why keys cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeysError {
    /// There is none.
    Missing,
    /// `config_secret_weak`: the key of this name is short or guessable.
    Weak(String),
    /// Two keys have this name, or it is not made of `[A-Za-z0-9._-]`.
    Name(String),
}

impl Keys {
    /// Checks and takes the keys of `issuer`.
    ///
    /// # Errors
    /// [`KeysError`], all of them.
    pub fn new(issuer: String, keys: Vec<Key>) -> Result<Self, Vec<KeysError>> {
        let mut errors = Vec::new();
        for (n, key) in keys.iter().enumerate() {
            if !key.is_named() || keys.iter().take(n).any(|other| other.kid == key.kid) {
                errors.push(KeysError::Name(key.kid.clone()));
            }
            if weak(key.secret.expose()) {
                errors.push(KeysError::Weak(key.kid.clone()));
            }
        }
        let mut keys = keys.into_iter();
        let Some(first) = keys.next() else { return Err(vec![KeysError::Missing]) };
        if !errors.is_empty() {
            return Err(errors);
        }
        Ok(Self { issuer, first, others: keys.collect() })
    }

    /// Who signs.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    fn by_kid(&self, kid: &str) -> Option<&Key> {
        core::iter::once(&self.first).chain(&self.others).find(|key| key.kid == kid)
    }
}

/// Whether a key is too short, repeats itself, uses few different bytes, is one byte for the greater
/// part, or is built around a word that every list of passwords begins with (row 36).
#[must_use]
pub fn weak(key: &[u8]) -> bool {
    const DIFFERENT_BYTES_MIN: usize = 10;
    const WORDS: [&str; 6] = ["password", "changeme", "change-me", "letmein", "qwerty", "12345678"];
    let different = (0..=u8::MAX).filter(|byte| key.contains(byte)).count();
    let repeats = |period: usize| key.iter().zip(key.iter().skip(period)).all(|(a, b)| a == b);
    let is_most = |byte: &u8| key.iter().filter(|other| *other == byte).count() > key.len() / 2;
    let lower = key.to_ascii_lowercase();
    let holds = |word: &str| lower.windows(word.len()).any(|part| part == word.as_bytes());
    key.len() < KEY_BYTES_MIN
        || different < DIFFERENT_BYTES_MIN
        || key.iter().any(is_most)
        || (1..=key.len() / 2).any(repeats)
        || WORDS.into_iter().any(holds)
}

/// Our header, member by member; any other member is refused (rows 12 to 18).
struct StrictHeader {
    alg: String,
    typ: String,
    kid: String,
}

impl StrictHeader {
    fn of(header: Field<'_>) -> Self {
        let header = header.only(&["alg", "typ", "kid"]);
        Self {
            alg: header.get("alg").text(),
            typ: header.get("typ").text(),
            kid: header.get("kid").text(),
        }
    }
}

fn claims_record(claims: Field<'_>) -> ClaimsRecord {
    let claims =
        claims.only(&["iss", "aud", "sub", "jti", "iat", "exp", "nbf", "chk", "amt", "cur", "qte"]);
    let text = |name: &str| claims.get(name).text();
    ClaimsRecord {
        iss: text("iss"),
        aud: text("aud"),
        sub: text("sub"),
        jti: text("jti"),
        iat: claims.get("iat").number(),
        exp: claims.get("exp").number(),
        nbf: claims.get("nbf").option().map(Field::number),
        chk: text("chk"),
        amt: claims.get("amt").number(),
        cur: text("cur"),
        qte: claims.get("qte").text_or_none(),
    }
}

/// Signs with the first key.
#[must_use]
pub fn sign(claims: &Claims, keys: &Keys) -> String {
    install();
    let header = Writer::document(|header| {
        header.name("typ").text(TYPE);
        header.name("alg").text("HS256");
        header.name("kid").text(&keys.first.kid);
    });
    let payload = Writer::document(|payload| {
        payload.name("iss").text(&claims.issuer);
        payload.name("aud").text(claims.audience.as_str());
        payload.name("sub").text(claims.subject.as_str());
        payload.name("jti").shown(&claims.jti);
        payload.name("iat").number(claims.issued_at.as_seconds());
        payload.name("exp").number(claims.expires_at.as_seconds());
        payload.name("chk").shown(&claims.checkout);
        payload.name("amt").number(claims.amount.minor());
        payload.name("cur").text(claims.amount.currency().code());
        if let Some(quote) = &claims.quote {
            payload.name("qte").text(quote);
        }
    });
    let mut token = URL_SAFE_NO_PAD.encode(header);
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(payload, &mut token);
    let key = EncodingKey::from_secret(keys.first.secret.expose());
    #[expect(clippy::expect_used, reason = "our provider signs with every HMAC key")]
    let mac = crypto::sign(token.as_bytes(), &key, Algorithm::HS256).expect("HS256 signs");
    token.push('.');
    token.push_str(&mac);
    token
}

/// Reads a token. Its audience is left to the caller, who knows the merchant: `Claims::check`.
///
/// # Errors
/// Before the signature fits [`Code::TokenTooLarge`] and [`Code::TokenInvalid`]; after it
/// [`Code::TokenClaimsInvalid`], [`Code::TokenNotYetValid`], [`Code::TokenIssuer`],
/// [`Code::TokenExpired`].
pub fn verify(text: &str, keys: &Keys, now: Timestamp) -> Result<Claims, Code> {
    if text.len() > TOKEN_BYTES_MAX {
        return Err(Code::TokenTooLarge);
    }
    let payload = verified_payload(text, TYPE, TOKEN_LIMITS, |kid| keys.by_kid(kid))
        .ok_or(Code::TokenInvalid)?;
    let record =
        json::read(&payload, TOKEN_LIMITS, claims_record).map_err(|_| Code::TokenClaimsInvalid)?;
    let claims = record.into_claims(now).map_err(ClaimsError::code)?;
    if claims.issuer != keys.issuer {
        return Err(Code::TokenIssuer);
    }
    claims.check(None, now).map_err(ClaimsError::code)?;
    Ok(claims)
}

/// The payload's bytes, once everything around them is what we would have written ourselves: this `typ`,
/// and a key that `by_kid` knows.
pub(crate) fn verified_payload<'a>(
    text: &str,
    typ: &str,
    limits: Limits,
    by_kid: impl FnOnce(&str) -> Option<&'a Key>,
) -> Option<Vec<u8>> {
    install();
    let mut segments = text.split('.');
    let (header, payload, mac) = (segments.next()?, segments.next()?, segments.next()?);
    if segments.next().is_some() {
        return None;
    }
    let header = json::read(&strict_base64(header)?, TOKEN_LIMITS, StrictHeader::of).ok()?;
    let (payload, mac) = (strict_base64(payload)?, strict_base64(mac)?);
    if header.alg != "HS256" || header.typ != typ || mac.len() != 32 {
        return None;
    }
    let key = DecodingKey::from_secret(by_kid(&header.kid)?.secret.expose());
    let (message, mac) = text.rsplit_once('.')?;
    let fits = crypto::verify(mac, message.as_bytes(), &key, Algorithm::HS256).ok()?;
    (fits && is_object(&payload, limits)).then_some(payload)
}

/// A payload that is an object, whatever is in it (row 20); the strict reading comes after.
fn is_object(payload: &[u8], limits: Limits) -> bool {
    match json::read(payload, limits, |claims| claims.entries_or_none().len()) {
        Ok(_) => true,
        // Repeated members and depth are left to the strict reading.
        Err(refusal) => !matches!(refusal.code, Code::JsonInvalid | Code::JsonSchema),
    }
}

/// Decodes base64url in its one spelling: no padding, no blanks, unused bits zero.
fn strict_base64(text: &str) -> Option<Vec<u8>> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    (URL_SAFE_NO_PAD.encode(&bytes) == text).then_some(bytes)
}

/// HS256 and nothing else.
static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: |algorithm, key| Ok(Box::new(Hs256::new(*algorithm, key.as_bytes())?)),
    verifier_factory: |algorithm, key| {
        Ok(Box::new(Hs256::new(*algorithm, key.try_get_as_bytes()?)?))
    },
    // Only JWK handling calls these, and no JWK is taken.
    key_utils: KeyUtils::new_unimplemented(),
};

/// Makes [`PROVIDER`] the crate's provider. A second call finds it installed, which is all we want.
fn install() {
    let _installed_before = PROVIDER.install_default();
}

struct Hs256(Secret<Vec<u8>>);

impl Hs256 {
    fn new(algorithm: Algorithm, key: &[u8]) -> Result<Self, Error> {
        if algorithm != Algorithm::HS256 {
            return Err(Error::from(ErrorKind::InvalidAlgorithm));
        }
        Ok(Self(Secret::new(key.to_vec())))
    }
}

impl Signer<Vec<u8>> for Hs256 {
    fn try_sign(&self, message: &[u8]) -> Result<Vec<u8>, seal::Error> {
        Ok(hmac_sha256(self.0.expose(), &[message]).to_vec())
    }
}

impl Verifier<Vec<u8>> for Hs256 {
    fn verify(&self, message: &[u8], mac: &Vec<u8>) -> Result<(), seal::Error> {
        let fits = equal(&hmac_sha256(self.0.expose(), &[message]), mac);
        if fits { Ok(()) } else { Err(seal::Error::new()) }
    }
}

impl JwtSigner for Hs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

impl JwtVerifier for Hs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

#[cfg(test)]
mod tests;
