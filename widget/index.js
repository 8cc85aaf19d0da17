// What a bundler takes into your page: it brings the elements from your own edge when `load` is called, and
// does nothing at all on a server. The elements are not in it, because a payment page's script belongs to
// where the payment is verified: one release of both, one integrity line.

const TAGS = { "element.js": "hanbeon-checkout", "status.js": "hanbeon-status", "availability.js": "hanbeon-availability" };
const begun = new Map();
let policy;

/** Loads `<hanbeon-checkout>`; see `index.d.ts`. */
export const load = (edge, options) => script(edge, "element.js", options);

/** Loads `<hanbeon-status>`. */
export const loadStatus = (edge, options) => script(edge, "status.js", options);

/** Loads `<hanbeon-availability>`. */
export const loadAvailability = (edge, options) => script(edge, "availability.js", options);

function script(edge, file, { integrity, nonce } = {}) {
  if (typeof document === "undefined") return Promise.resolve();
  const src = new URL(`/widget/${file}`, edge).href;
  if (!begun.has(src)) begun.set(src, element(src, TAGS[file], integrity, nonce));
  return begun.get(src);
}

async function element(src, tag, integrity, nonce) {
  if (customElements.get(tag)) return;
  try {
    // An import needs no policy of Trusted Types; only a script's tag can be held to its bytes.
    await (integrity || nonce ? held(src, integrity, nonce) : import(/* webpackIgnore: true */ /* turbopackIgnore: true */ /* @vite-ignore */ src));
  } catch (error) {
    // So that the next call tries again.
    begun.delete(src);
    throw error;
  }
  await customElements.whenDefined(tag);
}

function held(src, integrity, nonce) {
  policy ??= globalThis.trustedTypes?.createPolicy("hanbeon-load", { createScriptURL: (url) => url });
  return new Promise((done, failed) => {
    const node = document.createElement("script");
    const says = { type: "module", crossOrigin: "anonymous", ...(integrity && { integrity }), ...(nonce && { nonce }) };
    node.onload = done;
    node.onerror = () => {
      node.remove();
      failed(new Error(`${src} could not be loaded`));
    };
    document.head.append(Object.assign(node, says, { src: policy?.createScriptURL(src) ?? src }));
  });
}
