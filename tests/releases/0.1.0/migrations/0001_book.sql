-- The book: lists and ledger. Written from the owners' outboxes, idempotently; it never decides.
CREATE TABLE checkouts (
  id TEXT PRIMARY KEY,
  merchant TEXT NOT NULL,
  version INTEGER NOT NULL,
  status TEXT NOT NULL,
  amount INTEGER NOT NULL,      -- minor units, below 2^53
  refunded INTEGER NOT NULL,
  currency TEXT NOT NULL,
  label TEXT NOT NULL,
  created_at INTEGER NOT NULL,  -- milliseconds, UTC
  updated_at INTEGER NOT NULL
);
CREATE INDEX checkouts_of_merchant ON checkouts (merchant, created_at, id);

CREATE TABLE postings (
  checkout TEXT NOT NULL,
  entry TEXT NOT NULL,
  n INTEGER NOT NULL,
  account TEXT NOT NULL,
  side TEXT NOT NULL CHECK (side IN ('debit', 'credit')),
  amount INTEGER NOT NULL CHECK (amount > 0),
  currency TEXT NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (checkout, entry, n)
);

CREATE TABLE dead_letters (
  id TEXT PRIMARY KEY,
  checkout TEXT NOT NULL,
  merchant TEXT NOT NULL,
  message TEXT NOT NULL,
  why TEXT NOT NULL,
  at INTEGER NOT NULL
);
