/** How one of the scripts is loaded. */
export interface LoadOptions {
  /**
   * What the script must be, from `sri.json` of your release: `sha384-…`. Several, divided by spaces, allow
   * each of them: that of the next release too while you deploy it.
   */
  integrity?: string;
  /** The page's nonce, where its content policy asks for one. */
  nonce?: string;
}

/**
 * Loads `<hanbeon-checkout>` from your edge, once: `load("https://pay.example.com")`. Resolves when it is
 * defined; rejects when the script cannot be loaded, and the next call tries again. On a server nothing
 * happens and it resolves at once.
 */
export function load(edge: string | URL, options?: LoadOptions): Promise<void>;

/** Loads `<hanbeon-status>` in the same way. */
export function loadStatus(edge: string | URL, options?: LoadOptions): Promise<void>;

/** Loads `<hanbeon-availability>` in the same way. */
export function loadAvailability(edge: string | URL, options?: LoadOptions): Promise<void>;

/** The language of an element, as a tag; by default that of the surrounding page, and English where there is no file of it. */
export type Locale = "ko" | "en" | "ja" | (string & {});
/** Light or dark; by default as the buyer's system says. */
export type Theme = "auto" | "light" | "dark";
/** Where the ladder of windows begins; by default with what suits method and device best. */
export type Presentation = "auto" | "iframe" | "popup" | "redirect";
/** The only three things that a buyer is ever told. */
export type Outcome = "not_paid" | "checking" | "paid";
/** Where a checkout stands, in the edge's words. */
export type Phase =
  | "open"
  | "preparing"
  | "presented"
  | "checking"
  | "awaiting_deposit"
  | "paid"
  | "cancelled"
  | "expired"
  | "refunded"
  | "review";

/** The buyer pressed the button. */
export interface BeforePayDetail {
  /** The chosen method's id, such as `toss_card`. */
  readonly method: string | null;
}

/** The checkout changed. */
export interface StateDetail {
  readonly phase: Phase;
  readonly outcome: Outcome;
  /** Rises with every change. */
  readonly version: number;
}

/** The checkout is paid. */
export interface PaidDetail {
  /** Its id; with a quote the page learns it here. */
  readonly checkout: string;
}

/** Something is wrong that the page may act on. */
export interface ErrorDetail {
  /** A code of the edge's closed list, or one of the element's own. */
  readonly code:
    | "attribute_locked"
    | "checkout_missing"
    | "checkout_invalid"
    | "token_invalid"
    | "presentation_invalid"
    | "load_failed"
    | (string & {});
}

/** Whether the piece can be had changed. */
export interface AvailabilityDetail {
  readonly sku: string;
  /** Whether a buyer can begin to pay for it now. */
  readonly can_enter: boolean;
  /** Until when somebody else's hold keeps it, in UTC; `null` where it is free, or sold. */
  readonly until: string | null;
}

/** What the elements tell their page. Each event bubbles and crosses shadow roots. */
export interface HanbeonEvents {
  /** What is to be paid is shown. */
  "hanbeon-ready": CustomEvent<null>;
  /** Cancel it (`preventDefault()`) to keep the payment from beginning. */
  "hanbeon-before-pay": CustomEvent<BeforePayDetail>;
  "hanbeon-state": CustomEvent<StateDetail>;
  /** Also after a reload of a paid checkout. For what the page shows: ship by the notice to your server. */
  "hanbeon-paid": CustomEvent<PaidDetail>;
  "hanbeon-error": CustomEvent<ErrorDetail>;
  "hanbeon-availability": CustomEvent<AvailabilityDetail>;
}

/** What `<hanbeon-checkout>` is told: each is an attribute and a property of the same name. */
export interface CheckoutAttributes {
  /** The checkout's id. May be left out on a page of return, whose address names it as `?hanbeon=`. */
  checkout?: string | undefined;
  /** The one-time token from your server. Not needed where this browser has begun the checkout. */
  token?: string | undefined;
  /** A price that you signed ahead of time, instead of checkout and token. */
  quote?: string | undefined;
  locale?: Locale | undefined;
  theme?: Theme | undefined;
  presentation?: Presentation | undefined;
  /** The name under which a form sends the checkout's id, once it is paid. */
  name?: string | undefined;
  /** The form around it is not valid until it is paid. */
  required?: boolean | undefined;
  /** The form around it is sent by itself once it is paid. */
  "submit-when-paid"?: boolean | undefined;
}

/** What `<hanbeon-status>` is told. */
export interface StatusAttributes {
  /** The checkout's id; this browser has to have begun it. */
  checkout?: string | undefined;
  /** The checkout's token, before anything is paid: amount and methods. It is not used up. */
  token?: string | undefined;
  /** The checkout's `status_url`, for pages on any device. Give it to its buyer alone. */
  link?: string | undefined;
  locale?: Locale | undefined;
  theme?: Theme | undefined;
  /** One line instead of a box. */
  compact?: boolean | undefined;
}

/** What `<hanbeon-availability>` is told. */
export interface AvailabilityAttributes {
  /** Whose article it is. */
  merchant?: string | undefined;
  /** The article, as your server names it in an order's line. */
  sku?: string | undefined;
  /** This browser itself is paying for it: it is not told of somebody else. */
  mine?: boolean | undefined;
  locale?: Locale | undefined;
  theme?: Theme | undefined;
}

type Listen<Host> = <Name extends keyof HanbeonEvents>(
  type: Name,
  listener: (this: Host, event: HanbeonEvents[Name]) => void,
  options?: boolean | AddEventListenerOptions,
) => void;

interface HanbeonElement extends HTMLElement {
  addEventListener: Listen<this> & HTMLElement["addEventListener"];
  removeEventListener: Listen<this> & HTMLElement["removeEventListener"];
}

/** `<hanbeon-checkout>`. Absent strings read as `""`; `null` or `undefined` takes the attribute away. */
export interface HanbeonCheckoutElement extends HanbeonElement {
  checkout: string;
  token: string;
  quote: string;
  locale: Locale | "";
  theme: Theme | "";
  presentation: Presentation | "";
}

/** `<hanbeon-status>`. */
export interface HanbeonStatusElement extends HanbeonElement {
  checkout: string;
  token: string;
  link: string;
  locale: Locale | "";
  theme: Theme | "";
  compact: boolean;
}

/** `<hanbeon-availability>`. Its attribute `state` says `free`, `held`, `mine` or `sold` to the page's style. */
export interface HanbeonAvailabilityElement extends HanbeonElement {
  merchant: string;
  sku: string;
  mine: boolean;
  locale: Locale | "";
  theme: Theme | "";
}

declare global {
  interface HTMLElementTagNameMap {
    "hanbeon-checkout": HanbeonCheckoutElement;
    "hanbeon-status": HanbeonStatusElement;
    "hanbeon-availability": HanbeonAvailabilityElement;
  }
  interface HTMLElementEventMap extends HanbeonEvents {}
}
