-- Dead letters are listed while they are open, and can be replayed: which are open, and how often each was
-- replayed. The release before writes them without these columns.
ALTER TABLE dead_letters ADD COLUMN open INTEGER NOT NULL DEFAULT 1;
ALTER TABLE dead_letters ADD COLUMN replays INTEGER NOT NULL DEFAULT 0;
CREATE INDEX dead_letters_of_merchant ON dead_letters (merchant, at, id) WHERE open = 1;
