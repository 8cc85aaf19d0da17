// Types for React 19: `import type {} from "hanbeon-checkout/react"` anywhere in your sources.
import type { DetailedHTMLProps, HTMLAttributes } from "react";
import type {
  AvailabilityAttributes,
  CheckoutAttributes,
  HanbeonAvailabilityElement,
  HanbeonCheckoutElement,
  HanbeonEvents,
  HanbeonStatusElement,
  StatusAttributes,
} from "./index.js";

// React 19 listens to the event `x` of a custom element by the property `onx`.
type Handlers = { [Name in keyof HanbeonEvents as `on${Name}`]?: (event: HanbeonEvents[Name]) => void };
type Props<Element, Own> = DetailedHTMLProps<HTMLAttributes<Element>, Element> & Own & Handlers;

declare module "react" {
  namespace JSX {
    interface IntrinsicElements {
      "hanbeon-checkout": Props<HanbeonCheckoutElement, CheckoutAttributes>;
      "hanbeon-status": Props<HanbeonStatusElement, StatusAttributes>;
      "hanbeon-availability": Props<HanbeonAvailabilityElement, AvailabilityAttributes>;
    }
  }
}
