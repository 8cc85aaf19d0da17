// Types for Vue 3: `import type {} from "hanbeon-checkout/vue"` anywhere in your sources.
import type { DefineComponent } from "vue";
import type { AvailabilityAttributes, CheckoutAttributes, HanbeonEvents, StatusAttributes } from "./index.js";

type Camel<Name extends string> = Name extends `${infer Head}-${infer Tail}`
  ? `${Head}${Capitalize<Camel<Tail>>}`
  : Name;
type Handlers = {
  [Name in keyof HanbeonEvents as `on${Capitalize<Camel<Name>>}`]?: (event: HanbeonEvents[Name]) => void;
};

declare module "vue" {
  interface GlobalComponents {
    "hanbeon-checkout": DefineComponent<CheckoutAttributes & Handlers>;
    "hanbeon-status": DefineComponent<StatusAttributes & Handlers>;
    "hanbeon-availability": DefineComponent<AvailabilityAttributes & Handlers>;
  }
}
