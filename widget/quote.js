// A price that the shop signed ahead of time becomes a checkout and its token. Loaded by pages with a quote
// alone, so that no other page pays for it.

/**
 * How long a page that is loaded again comes back to the payment that it began with its quote, in
 * milliseconds: as long as a checkout lives. Later, a quote for many buyers sells to the same one again.
 */
const LINK_LIFE_MS = 3_600_000;
const ANSWER_WAIT_MS = 25_000;
/** Refusals that only mean "ask again soon". */
const PASSING = ["request_in_progress", "rate_limited", "internal"];

/** The browser's memory; a page without one only forgets. */
const memory = (act) => {
  try {
    return act(localStorage);
  } catch {
    return null;
  }
};

/** The checkout of this quote with which this browser pays already. */
function known(entry) {
  const [checkout, at] = memory((kept) => JSON.parse(kept.getItem(entry))) ?? [];
  const begun = memory((kept) => JSON.parse(kept.getItem(`hanbeon:${checkout}`)))?.state_key;
  const age = Date.now() - at;
  const returned = new URLSearchParams(location.search).get("hanbeon") === checkout;
  return begun && (returned || (age >= 0 && age < LINK_LIFE_MS)) ? checkout : null;
}

/**
 * `[checkout, token, refusal]`: no token when this browser pays already, a refusal and nothing else when the
 * edge says no. Throws when nobody answered: the same question may be put again.
 */
export async function exchange(edge, quote) {
  // Named by the quote's signature.
  const entry = `hanbeon:quote:${quote.split(".").pop()}`;
  const checkout = known(entry);
  if (checkout) return [checkout, "", ""];
  const answer = await fetch(`${edge}/v1/quotes/exchange`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ quote }),
    cache: "no-store",
    // No cookies, ever.
    credentials: "omit",
    signal: AbortSignal.timeout(ANSWER_WAIT_MS),
  });
  const said = await answer.json();
  if (answer.ok) {
    memory((kept) => kept.setItem(entry, JSON.stringify([said.checkout, Date.now()])));
    return [said.checkout, said.token, ""];
  }
  if (!said.code || PASSING.includes(said.code)) throw new Error(said.code);
  return ["", "", said.code];
}
