//! Server calls of `unicro`: members, tokens, items, look-ups, cancels, delivery.

use serde_json::{Value, json};

use super::{Act, Engine, Item, PRICE_MIN_KRW, Payway, Stage, TOKEN_MS, Trade};
use crate::sandbox::{Method as Verb, Request, Response, Turn, moment};

/// Whose token a call brought.
struct Caller {
    partner: usize,
    user: String,
}

/// Why a call is refused: `errorCd`.
type Refused = &'static str;

/// What a call is answered, and whether money went back by it.
struct Answer {
    data: Value,
    gave_back: bool,
}

impl From<Value> for Answer {
    fn from(data: Value) -> Self {
        Self { data, gave_back: false }
    }
}

fn envelope(result: Result<Value, Refused>) -> Value {
    match result {
        Ok(data) => {
            json!({ "result": "SUCCESS", "msg": "정상적으로 처리되었습니다.", "errorCd": "", "data": data })
        }
        Err(code) => json!({ "result": "FAIL", "msg": "sandbox", "errorCd": code, "data": null }),
    }
}

impl Engine {
    /// Answers a server call.
    pub(super) fn call(&mut self, path: &str, request: &Request, turn: &mut Turn<'_>) -> Response {
        let delay_ms = turn.faults.slow_ms;
        if turn.faults.fails_now() {
            let body = "<html><body><h1>503 Service Unavailable</h1></body></html>";
            return Response { delay_ms, ..Response::page(503, body) };
        }
        let rest: Vec<&str> =
            path.strip_prefix("/api/v1/").unwrap_or_default().split('/').collect();
        let result = self.perform(&rest, request, turn);
        let gave_back = result.as_ref().is_ok_and(|answer| answer.gave_back);
        let body = envelope(result.map(|answer| answer.data));
        let response = Response { delay_ms, ..Response::json(200, &body) };
        let lost = gave_back && turn.faults.answer_lost_after_refund;
        if lost { response.lost(turn.faults) } else { response }
    }

    fn perform(
        &mut self,
        rest: &[&str],
        request: &Request,
        turn: &mut Turn<'_>,
    ) -> Result<Answer, Refused> {
        let key = request.header("partner-api-key").unwrap_or_default();
        let known = self.merchants.iter().position(|merchant| merchant.api_key == key);
        let partner = known.ok_or("AUTH_ERROR")?;
        let body: Value = match request.body.is_empty() {
            true => json!({}),
            false => serde_json::from_slice(&request.body).map_err(|_| "VALID_ERROR")?,
        };
        match (request.method, rest) {
            (Verb::Post, ["auth"]) => self.token(partner, &body, turn),
            (Verb::Get, ["users", user, "status"]) => {
                let member = self.members.get(&(partner, (*user).to_owned()));
                Ok(json!(member.map_or("NONE", |member| member.state)).into())
            }
            (Verb::Post, ["items"]) => {
                let seller = self.caller(partner, request)?;
                self.register(&seller, &body, turn)
            }
            (Verb::Get, ["trades", "partner", number]) => {
                self.caller(partner, request)?;
                let by = |trade: &&Trade| trade.partner_trade_no == *number;
                let trade = self.of(partner).find(by).ok_or("NOT_FOUND_ERROR")?;
                Ok(short(trade, trade.stage.code().0).into())
            }
            (Verb::Get, ["trades", number]) => {
                self.caller(partner, request)?;
                let by = |trade: &&Trade| trade.number == *number;
                let trade = self.of(partner).find(by).ok_or("NOT_FOUND_ERROR")?;
                Ok(short(trade, trade.stage.code().0).into())
            }
            (Verb::Get, [side, "trades", number]) => {
                let caller = self.caller(partner, request)?;
                let trade = self.side(&caller, side, number)?;
                let item = self.items.get(&trade.item_no).ok_or("NOT_FOUND_ERROR")?;
                Ok(view(trade, item, *side == "seller").into())
            }
            (Verb::Post, ["buyer", "trades", number, "cancel"]) => {
                body["cancelCd"].as_str().ok_or("VALID_ERROR")?;
                self.act(partner, request, "buyer", number, Act::BuyerCancel, turn)
            }
            (Verb::Post, ["seller", "trades", number, "cancel", "agree"]) => {
                self.act(partner, request, "seller", number, Act::Consent, turn)
            }
            (Verb::Post, ["seller", "trades", number, "cancel", "done"]) => {
                let code = body["cancelCd"].as_str().and_then(|code| code.parse::<u8>().ok());
                let memo = body["cancelMemo"].as_str().unwrap_or_default();
                if !code.is_some_and(|code| (31..=39).contains(&code)) || memo.chars().count() > 500
                {
                    return Err("VALID_ERROR");
                }
                self.act(partner, request, "seller", number, Act::SellerCancel, turn)
            }
            (Verb::Post, ["trades", number, "delivery", "done"]) => {
                self.act(partner, request, "", number, Act::Deliver, turn)
            }
            _ => Err("NOT_FOUND_ERROR"),
        }
    }

    /// Trades that calls can find.
    fn of(&self, partner: usize) -> impl Iterator<Item = &Trade> {
        let found = move |trade: &&Trade| trade.partner == partner && trade.stage != Stage::Deleted;
        self.trades.values().filter(found)
    }

    /// The text and the samples of the manual name the header differently; both are taken.
    fn caller(&self, partner: usize, request: &Request) -> Result<Caller, Refused> {
        let header = request
            .header("unicro-user-token")
            .or_else(|| request.header("unicro_user_token"))
            .and_then(|value| value.strip_prefix("Bearer "));
        let (of, user, _) = header.and_then(|token| self.tokens.get(token)).ok_or("AUTH_ERROR")?;
        if *of != partner {
            return Err("AUTH_ERROR");
        }
        Ok(Caller { partner, user: user.clone() })
    }

    fn token(
        &mut self,
        partner: usize,
        body: &Value,
        turn: &mut Turn<'_>,
    ) -> Result<Answer, Refused> {
        let user = body["partnerUserId"].as_str().ok_or("VALID_ERROR")?;
        let member = self.members.get(&(partner, user.to_owned())).ok_or("AUTH_CREATE_ERROR")?;
        if member.state != "NORMAL" || body["unicroUserKey"] != member.key.as_str() {
            return Err("AUTH_CREATE_ERROR");
        }
        let token = format!("eyJhbGciOiJIUzUxMiJ9.{}.{}", turn.dice.hex(48), turn.dice.hex(64));
        let until = turn.now + TOKEN_MS;
        self.tokens.insert(token.clone(), (partner, user.to_owned(), until));
        Ok(json!({ "unicroUserToken": token }).into())
    }

    fn register(
        &mut self,
        seller: &Caller,
        body: &Value,
        turn: &mut Turn<'_>,
    ) -> Result<Answer, Refused> {
        let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
        let number = text("partnerItemNo");
        let name = text("itemName");
        let price = body["itemPrice"].as_u64().unwrap_or(0);
        let payways: Vec<String> =
            serde_json::from_value(body["selPayway"].clone()).map_err(|_| "VALID_ERROR")?;
        let fits = |word: &String| {
            Payway::ALL.into_iter().any(|way| way.word() == word && price <= way.maximum())
        };
        let words = ["CASH_ON_DELIVERY", "PRE_PAYMENT"].contains(&text("deliveryPayCd").as_str())
            && ["PARCEL_DELIVERY", "PARTNER_DELIVERY"].contains(&text("deliveryCd").as_str());
        let good = (1..=20).contains(&number.chars().count())
            && (1..=200).contains(&name.chars().count())
            && price >= PRICE_MIN_KRW
            && !payways.is_empty()
            && payways.iter().all(fits)
            && words;
        if !good {
            return Err("VALID_ERROR");
        }
        let item_no = format!("2211{}", turn.dice.digits(8));
        let said = json!({
            "unicroItemNo": item_no, "partnerItemNo": number, "statusCd": "AVAILABLE_FOR_SALE",
            "itemName": null, "itemPrice": null, "divCode": null,
        });
        let item = Item {
            partner: seller.partner,
            seller: seller.user.clone(),
            partner_item_no: number,
            name,
            price,
            payways,
            sold: false,
        };
        self.items.insert(item_no, item);
        Ok(said.into())
    }

    /// The trade, if the caller is its buyer or seller.
    fn side(&self, caller: &Caller, side: &str, number: &str) -> Result<&Trade, Refused> {
        let mine = |trade: &&Trade| match side {
            "buyer" => trade.buyer == caller.user,
            "seller" => trade.seller == caller.user,
            _ => false,
        };
        let mut trades = self.of(caller.partner).filter(|trade| trade.number == number);
        trades.find(mine).ok_or("NOT_FOUND_ERROR")
    }

    fn act(
        &mut self,
        partner: usize,
        request: &Request,
        side: &str,
        number: &str,
        act: Act,
        turn: &Turn<'_>,
    ) -> Result<Answer, Refused> {
        let caller = self.caller(partner, request)?;
        let found = match side {
            "" => self.of(partner).any(|trade| trade.number == number),
            side => self.side(&caller, side, number).is_ok(),
        };
        let trade = self.trades.get_mut(number).filter(|_| found).ok_or("NOT_FOUND_ERROR")?;
        if !trade.act(act, turn.now) {
            return Err("UPDATE_ERROR");
        }
        let (word, code) = trade.stage.code();
        // The samples of deliveries answer with numbers.
        let data = short(trade, if act == Act::Deliver { code } else { word });
        Ok(Answer { data, gave_back: trade.stage.gave_back() && trade.captures > 0 })
    }
}

fn short(trade: &Trade, status: &str) -> Value {
    json!({
        "unicroTradeNo": trade.number,
        "partnerTradeNo": trade.partner_trade_no,
        "statusCd": status,
    })
}

/// What buyer and seller see; for every second trade the state is a number.
fn view(trade: &Trade, item: &Item, seller: bool) -> Value {
    let (word, number) = trade.stage.code();
    let odd = trade.number.bytes().last().is_some_and(|digit| digit % 2 == 1);
    let status = match (odd, number.parse::<u64>()) {
        (true, Ok(number)) => json!(number),
        _ => json!(word),
    };
    let mut view = json!({
        "unicroTradeNo": trade.number,
        "partnerTradeNo": trade.partner_trade_no,
        "payway": trade.payway.number(),
        "buyAmt": trade.charged,
        "tradeDate": moment::seconds(trade.opened_at).replace('T', " "),
        "statusCd": status,
        "deliveryCompCd": null,
        "invoiceNo": null,
        "unicroItemNo": trade.item_no,
        "partnerItemNo": item.partner_item_no,
    });
    if seller {
        view["sellerAmt"] = json!(trade.charged.saturating_sub(1_000));
        view["payYmd"] = Value::Null;
        view["completeCd"] = json!(if trade.stage == Stage::Settled { "PAID" } else { "UNPAID" });
    } else {
        let due = moment::seconds(trade.opened_at + super::DEPOSIT_MS).replace('T', " ");
        view["bankName"] = json!(trade.account.as_ref().map(|_| "국민은행"));
        view["accountNo"] = json!(trade.account);
        view["accountName"] = json!(trade.account.as_ref().map(|_| "유니크로(샌드박스)"));
        view["vaDueDate"] = json!(trade.account.as_ref().map(|_| due));
    }
    view
}
