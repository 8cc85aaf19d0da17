// Drop-in with a card, as its manual shows it: with our own answers in place of its hosts, and no session call.
import { AdyenCheckout, Card, Dropin } from "@adyen/adyen-web";
import "@adyen/adyen-web/styles/adyen.css";

// It refuses a test key where its host does not say so.
const host = `http://adyen-test.localhost:${location.port}/checkoutshopper/`;
const checkout = await AdyenCheckout({
  clientKey: "test_00000000000000000000000000000000",
  environment: "test",
  _environmentUrls: { api: host, analytics: host, cdn: { images: host, translations: host } },
  locale: "en-US",
  countryCode: "KR",
  amount: { value: 31000, currency: "KRW" },
  paymentMethodsResponse: { paymentMethods: [{ type: "scheme", name: "Card", brands: ["visa", "mc"] }] },
  onSubmit() {},
});
new Dropin(checkout, { paymentMethodComponents: [Card] }).mount("#pay");
