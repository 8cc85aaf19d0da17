import { useEffect, useRef } from 'react';
import 'https://pay.example.com/widget/element.js'; // or <script type="module"> in index.html

export function Checkout({ checkout, token, onPaid }) {
  const element = useRef(null);
  useEffect(() => {
    const node = element.current;
    node.addEventListener('hanbeon-paid', onPaid);
    return () => node.removeEventListener('hanbeon-paid', onPaid);
  }, [onPaid]);
  return <hanbeon-checkout ref={element} checkout={checkout} token={token} locale="ko" />;
}
