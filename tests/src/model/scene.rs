//! What a model is about, and what can happen in it.

use shared::payment::Style;

use super::plant::Plant;
use super::provider::{PRICE, Word};

/// What a model is about.
#[derive(Debug, Clone)]
pub struct Scene {
    /// Its name on the command line.
    pub name: &'static str,
    /// One sentence.
    pub about: &'static str,
    /// For each buyer the styles that their attempts may have.
    pub buyers: Vec<Vec<Style>>,
    /// How often each buyer may begin.
    pub attempts: usize,
    /// How much may go wrong in all.
    pub faults: u8,
    /// Whether provider and stock keep books; if not, they say whatever they like, whenever they are asked.
    pub honest: bool,
    /// How many refunds the shop may ask for.
    pub wishes: u8,
    /// Whether the shop may cancel, and buyers may leave a window.
    pub cancels: bool,
    /// Whether there are accounts that wait for a deposit.
    pub deposits: bool,
    /// Whether an answer travels: things happen between what is carried out and what is heard of it. Without
    /// it they happen before or after, which is the same unless a hint overtakes the answer.
    pub apart: bool,
    /// Whether an instance that was replaced may still hear an answer, and take its turn on what is stored by
    /// then.
    pub stale: bool,
    /// A mistake on purpose.
    pub plant: Option<Plant>,
}

/// Something that happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// Time passes, to the next moment that matters to anybody.
    Later,
    /// Something happens to this buyer.
    To(usize, Deed),
}

/// What happens to a buyer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    /// Begins to pay, in the nth of the styles.
    Begin(usize),
    /// A round: a tick, and the work of the chosen plans.
    Round(u32),
    /// The errand reaches the world, and is answered; the provider decides yes or no where it may.
    Carry(bool),
    /// The errand does not arrive.
    Lost,
    /// It arrives, and its answer is lost.
    Deaf,
    /// Nobody waits any more, and it arrives later.
    Late,
    /// A look-up is answered, or an order, with this.
    Says(Word),
    /// The answer is heard.
    Hear,
    /// A debt to the stock is paid, and heard of; or the stock says no where it keeps no books.
    Debt(usize, bool),
    /// It is paid, and not heard of.
    DebtDeaf(usize),
    /// The command sets out, and nobody waits any more.
    DebtLate(usize),
    /// The object dies; an errand that has set out goes on without it, or not.
    Crash(bool),
    /// The object dies when its errand has arrived; the answer may yet find the instance that asked.
    Replaced,
    /// That instance hears this.
    Haunts(Word),
    /// An errand that nobody waits for arrives.
    Arrives(usize),
    /// Somebody says that an attempt may have changed.
    Look(usize),
    /// The provider says so; at the latest when it repeats its webhook.
    Told(usize),
    /// It does not: the webhook is lost for good.
    Untold(usize),
    /// The buyer leaves the window.
    Abandon,
    /// The shop cancels.
    Cancel,
    /// The shop gives this much back.
    Refund(u64),
    /// In the window: authenticated, for this amount.
    Authenticates(usize, u64),
    /// In the window: paid, this amount.
    Pays(usize, u64),
    /// In the window: an account, for this amount.
    Issues(usize, u64),
    /// In the window: the provider says no.
    Declines(usize),
    /// The provider has said no, and approves after all.
    Approves(usize),
    /// At the provider somebody gives everything back.
    Console(usize),
}

impl Deed {
    /// What it takes of the faults.
    pub const fn costs(self) -> u8 {
        match self {
            Self::Lost | Self::Deaf | Self::Late | Self::Says(_) | Self::Crash(_) => 1,
            Self::DebtDeaf(_) | Self::DebtLate(_) | Self::Replaced => 1,
            Self::Untold(_) | Self::Console(_) | Self::Approves(_) => 1,
            Self::Authenticates(_, amount) | Self::Pays(_, amount) | Self::Issues(_, amount) => {
                (amount != PRICE) as u8
            }
            Self::Begin(_) | Self::Round(_) | Self::Carry(_) | Self::Hear | Self::Arrives(_) => 0,
            Self::Look(_) | Self::Told(_) | Self::Abandon | Self::Cancel | Self::Refund(_) => 0,
            Self::Declines(_) | Self::Debt(..) | Self::Haunts(_) => 0,
        }
    }
}
