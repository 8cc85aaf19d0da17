//! Bytes to a tree, in one pass.

use shared::problem::Code;

use super::Tree;

/// The longest number, and its largest exponent: the ends of what a double can say.
const NUMBER_BYTES_MAX: usize = 64;
const EXPONENT_MAX: u16 = 308;

type Read<T> = Result<T, Code>;

/// What is left of a document.
pub(super) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// The one value of a document, which may hold `room` levels.
    pub(super) fn document(bytes: &'a [u8], room: usize) -> Read<Tree> {
        let mut reader = Self { rest: bytes };
        let tree = reader.value(room)?;
        reader.blanks();
        if reader.rest.is_empty() { Ok(tree) } else { Err(Code::JsonInvalid) }
    }

    fn blanks(&mut self) {
        while let [b' ' | b'\t' | b'\n' | b'\r', rest @ ..] = self.rest {
            self.rest = rest;
        }
    }

    /// Takes these bytes, if they come next.
    fn takes(&mut self, bytes: &[u8]) -> bool {
        let rest = self.rest.strip_prefix(bytes);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn must_take(&mut self, bytes: &[u8]) -> Read<()> {
        if self.takes(bytes) { Ok(()) } else { Err(Code::JsonInvalid) }
    }

    fn byte(&mut self) -> Read<u8> {
        let (byte, rest) = self.rest.split_first().ok_or(Code::JsonInvalid)?;
        self.rest = rest;
        Ok(*byte)
    }

    fn value(&mut self, room: usize) -> Read<Tree> {
        self.blanks();
        if self.takes(b"\"") {
            self.text().map(Tree::Text)
        } else if self.takes(b"{") {
            self.object(room.checked_sub(1).ok_or(Code::JsonTooDeep)?)
        } else if self.takes(b"[") {
            self.list(room.checked_sub(1).ok_or(Code::JsonTooDeep)?)
        } else if self.takes(b"null") {
            Ok(Tree::Null)
        } else if self.takes(b"true") {
            Ok(Tree::Bool(true))
        } else if self.takes(b"false") {
            Ok(Tree::Bool(false))
        } else {
            self.number().ok_or(Code::JsonInvalid)
        }
    }

    /// Whether a list or an object goes on after a value.
    fn goes_on(&mut self, end: &[u8]) -> Read<bool> {
        self.blanks();
        if self.takes(end) {
            return Ok(false);
        }
        self.must_take(b",").map(|()| true)
    }

    fn list(&mut self, room: usize) -> Read<Tree> {
        let mut items = Vec::new();
        self.blanks();
        let mut more = !self.takes(b"]");
        while more {
            items.push(self.value(room)?);
            more = self.goes_on(b"]")?;
        }
        Ok(Tree::List(items))
    }

    fn object(&mut self, room: usize) -> Read<Tree> {
        let mut members = Vec::new();
        self.blanks();
        let mut more = !self.takes(b"}");
        while more {
            self.blanks();
            self.must_take(b"\"")?;
            let name = self.text()?;
            self.blanks();
            self.must_take(b":")?;
            members.push((name, self.value(room)?));
            more = self.goes_on(b"}")?;
        }
        let mut names: Vec<&str> = members.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        if names.windows(2).any(|pair| matches!(pair, [one, other] if one == other)) {
            return Err(Code::JsonDuplicateKey);
        }
        Ok(Tree::Object(members))
    }

    /// A text after its opening quote. What has no escapes is taken in one piece.
    fn text(&mut self) -> Read<String> {
        let mut bytes = Vec::new();
        loop {
            let marked = |b: &u8| *b < b' ' || matches!(b, b'"' | b'\\');
            let plain = self.rest.iter().position(marked).ok_or(Code::JsonInvalid)?;
            let (plain, rest) = self.rest.split_at_checked(plain).ok_or(Code::JsonInvalid)?;
            bytes.extend_from_slice(plain);
            self.rest = rest;
            match self.byte()? {
                b'"' => return String::from_utf8(bytes).map_err(|_| Code::JsonInvalid),
                b'\\' => {
                    let letter = self.escaped()?;
                    bytes.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
                }
                _ => return Err(Code::JsonInvalid),
            }
        }
    }

    fn escaped(&mut self) -> Read<char> {
        Ok(match self.byte()? {
            byte @ (b'"' | b'\\' | b'/') => char::from(byte),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let mut units = vec![self.unit()?];
                // The first half of a pair is nothing without the second.
                if matches!(units.as_slice(), [0xd800..0xdc00]) {
                    self.must_take(b"\\u")?;
                    units.push(self.unit()?);
                }
                let letter = char::decode_utf16(units).next();
                letter.and_then(Result::ok).ok_or(Code::JsonInvalid)?
            }
            _ => return Err(Code::JsonInvalid),
        })
    }

    /// Four hexadecimal digits.
    fn unit(&mut self) -> Read<u16> {
        let mut unit = 0;
        for _ in 0..4 {
            let digit = char::from(self.byte()?).to_digit(16).ok_or(Code::JsonInvalid)?;
            unit = (unit << 4) | u16::try_from(digit).map_err(|_| Code::JsonInvalid)?;
        }
        Ok(unit)
    }

    fn number(&mut self) -> Option<Tree> {
        let part = |b: &&u8| matches!(b, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E');
        let length = self.rest.iter().take_while(part).count();
        let (text, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        let text = core::str::from_utf8(text).ok()?;
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        let (number, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
        let whole = whole.strip_prefix('-').unwrap_or(whole);
        let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        let well_formed = digits(whole)
            && (whole == "0" || !whole.starts_with('0'))
            && digits(fraction)
            && digits(exponent);
        let fits = text.len() <= NUMBER_BYTES_MAX
            && exponent.parse::<u16>().is_ok_and(|power| power <= EXPONENT_MAX);
        let tree = text.parse().map_or_else(|_| Tree::Number(text.to_owned()), Tree::Unsigned);
        (well_formed && fits).then_some(tree)
    }
}
