'use client';

import { useEffect, useRef, useState } from 'react';
import { load, type HanbeonCheckoutElement, type PaidDetail } from 'hanbeon-checkout';
import type {} from 'hanbeon-checkout/react';

/** The element stands in the server's HTML already; its script comes from your edge when the page is there. */
export function Checkout({ edge, checkout, token }: { edge: string; checkout: string; token: string }) {
  const element = useRef<HanbeonCheckoutElement>(null);
  const [paid, setPaid] = useState('');
  useEffect(() => {
    const node = element.current;
    if (!node) return;
    // By hand: React does not attach `onhanbeon-…` to a custom element that it finds in a server's HTML.
    const hear = (event: CustomEvent<PaidDetail>) => setPaid(event.detail.checkout);
    node.addEventListener('hanbeon-paid', hear);
    load(edge).catch(console.error);
    return () => node.removeEventListener('hanbeon-paid', hear);
  }, [edge]);
  return (
    <main>
      <hanbeon-checkout ref={element} checkout={checkout} token={token} />
      <p role="status" id="said">{paid}</p>
    </main>
  );
}
