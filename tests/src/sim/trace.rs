//! What happened: a hash for every run, a story for the one that is told.

/// The hash, and the story where one is wanted.
#[derive(Debug)]
pub struct Trace {
    hash: u64,
    story: Option<Vec<String>>,
    begun: u64,
}

impl Trace {
    /// An empty one that begins at this time.
    #[must_use]
    pub fn new(begun: u64, tells: bool) -> Self {
        Self { hash: 0xcbf2_9ce4_8422_2325, story: tells.then(Vec::new), begun }
    }

    /// Mixes an event in.
    pub fn mark(&mut self, at: u64, what: u64) {
        self.mix(at);
        self.mix(what);
    }

    /// Mixes bytes in, eight at a time.
    pub fn bytes(&mut self, bytes: &[u8]) {
        let mut words = bytes.chunks_exact(8);
        for word in &mut words {
            self.mix(word.try_into().map_or(0, u64::from_le_bytes));
        }
        for byte in words.remainder() {
            self.mix(u64::from(*byte));
        }
    }

    fn mix(&mut self, word: u64) {
        self.hash = (self.hash ^ word).wrapping_mul(0x0100_0000_01b3).rotate_left(23);
    }

    /// A line of the story; made only when somebody reads it.
    pub fn tell(&mut self, at: u64, line: impl FnOnce() -> String) {
        let since = at.saturating_sub(self.begun);
        if let Some(story) = &mut self.story {
            let (seconds, millis) = (since / 1_000, since % 1_000);
            let (days, rest) = (seconds / 86_400, seconds % 86_400);
            let (hours, minutes) = (rest / 3_600, rest / 60 % 60);
            let clock = format!("{hours:02}:{minutes:02}:{:02}.{millis:03}", rest % 60);
            let clock = if days > 0 { format!("{days}d {clock}") } else { clock };
            story.push(format!("{clock}  {}", line()));
        }
    }

    /// The hash so far.
    #[must_use]
    pub fn hash(&self) -> u64 {
        self.hash
    }

    /// The story so far.
    #[must_use]
    pub fn story(self) -> Vec<String> {
        self.story.unwrap_or_default()
    }
}
