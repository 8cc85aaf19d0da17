// Evaluated alone: without an account it draws nothing.
import dropin from "braintree-web-drop-in";
import "braintree-web-drop-in/dropin.css";

globalThis.evaluated = typeof dropin.create === "function";
