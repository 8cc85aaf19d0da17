import { useEffect } from 'react';
import { load, type BeforePayDetail, type PaidDetail } from 'hanbeon-checkout';
import type {} from 'hanbeon-checkout/react';

export interface CheckoutProps {
  /** Where your edge is: https://pay.example.com */
  edge: string;
  checkout: string;
  token: string;
  /** May the payment begin? */
  allow?: (detail: BeforePayDetail) => boolean;
  onPaid: (detail: PaidDetail) => void;
}

export function Checkout({ edge, checkout, token, allow, onPaid }: CheckoutProps) {
  useEffect(() => {
    load(edge).catch(console.error);
  }, [edge]);
  return (
    <hanbeon-checkout
      checkout={checkout}
      token={token}
      onhanbeon-before-pay={(event) => {
        if (allow && !allow(event.detail)) event.preventDefault();
      }}
      onhanbeon-paid={(event) => onPaid(event.detail)}
    />
  );
}
