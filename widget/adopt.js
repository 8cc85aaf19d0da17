// What frameworks and forms need of the element: comes with the module, so that the loader stays small.

const names = ["checkout", "token", "quote", "locale", "theme", "presentation"];
const inners = new WeakMap();

// The same script may stand in a page twice; there is one element.
const { prototype } = customElements.get("hanbeon-checkout");
for (const name of names) Object.defineProperty(prototype, name, {
  configurable: true,
  enumerable: true,
  get() { return this.getAttribute(name) ?? ""; },
  set(value) { value == null ? this.removeAttribute(name) : this.setAttribute(name, value); },
});

/** Takes in what the page said to an element before this was there; `form` fetches `form.js`. */
export async function adopt(host, form) {
  for (const name of names) if (Object.hasOwn(host, name)) {
    const value = host[name];
    delete host[name];
    host[name] = value;
  }
  const inner = inners.get(host) ?? host.attachInternals();
  inners.set(host, inner);
  host.join = async () => {
    if (!inner.form) return;
    inner.setValidity({ valueMissing: host.hasAttribute("required") }, "required");
    (await form()).join(host, inner);
  };
  await host.join();
}
