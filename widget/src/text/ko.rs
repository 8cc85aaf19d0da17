//! Korean.

use super::{Say, Standing, Text};
use crate::flow::StateKind;
use crate::record::{DeclineCode, Means, Presentation, Unavailable};

/// The Korean sentences.
pub(super) const TEXT: Text = Text {
    won: |number| [number, "원"].concat(),
    pay: |amount| [amount, " 결제하기"].concat(),
    pay_soon: "결제하기",
    test_mode: "테스트 결제 · 실제로 청구되지 않습니다",
    methods: "결제 수단",
    method,
    unavailable,
    state,
    away,
    confirming_long: Say {
        title: "결제 결과 확인이 길어지고 있습니다",
        detail: "확인이 끝나면 바로 알려 드립니다. 이 화면을 닫으셔도 결제 결과는 바뀌지 않으며, 다시 결제하지 않으셔도 됩니다.",
    },
    decline,
    refused_here,
    refused,
    no_method: "지금 이 금액으로 쓸 수 있는 결제 수단이 없습니다.",
    retry: "다시 시도",
    another: "결제 수단 다시 고르기",
    reload: "다시 불러오기",
    focus: "결제창으로 돌아가기",
    resume: "이어서 결제하기",
    climb: |rung| match rung {
        Presentation::Iframe => "이 화면에서 결제창 열기",
        Presentation::Popup => "새 창으로 결제하기",
        Presentation::Redirect => "결제 페이지로 이동하기",
    },
    abandon: "다른 방법으로 결제하기",
    take_over: "이 탭에서 이어서 결제하기",
    bank: "은행",
    account: "계좌번호",
    holder: "예금주",
    until: "입금 기한",
    amount: "입금하실 금액",
    copy: "복사",
    copied: "복사됨",
    later: "나중에 이 안내를 다시 보기",
    paid_at: "결제 시각",
    frame: "결제창",
    close: "결제창 닫기",
    opening: "결제창을 여는 중입니다…",
    safe: "결제 정보는 쇼핑몰에 저장되지 않습니다",
};

/// The Korean sentences of the status element.
pub(super) const STANDING: Standing = Standing {
    open: Say {
        title: "아직 결제되지 않았습니다",
        detail: "쇼핑몰 결제 화면에서 결제할 수 있습니다.",
    },
    under_way: Say {
        title: "결제가 진행 중입니다", detail: "결제창에서 결제를 마쳐 주세요."
    },
    deposit: Say {
        title: "입금을 기다리고 있습니다",
        detail: "입금이 확인되면 결제가 끝납니다. 이 화면은 닫으셔도 됩니다.",
    },
    hidden: Say {
        title: "여기에서는 결제 상태를 볼 수 없습니다",
        detail: "쇼핑몰의 주문 내역에서 확인해 주세요.",
    },
    merchant: "쇼핑몰",
    label: "상품",
    amount: "결제 금액",
    means: "결제 수단",
    offered: "결제 방법",
    back: "쇼핑몰로 돌아가기",
    held: Say {
        title: "지금은 다른 분이 결제 중입니다",
        detail: "#까지 자리를 지킵니다. 결제되지 않으면 다시 살 수 있고, 이 화면은 저절로 바뀝니다.",
    },
    mine: Say {
        title: "이 브라우저에서 결제 중입니다", detail: "#까지 자리를 지켜 드립니다."
    },
    sold: Say { title: "판매가 끝났습니다", detail: "" },
};

const fn method(kind: Means) -> &'static str {
    match kind {
        Means::Card => "신용·체크카드",
        Means::Transfer => "계좌이체",
        Means::VirtualAccount => "가상계좌 입금",
        Means::Phone => "휴대폰 결제",
        Means::EasyPay => "간편결제",
        Means::KbPay => "KB Pay",
    }
}

const fn unavailable(reason: Unavailable) -> &'static str {
    match reason {
        Unavailable::BelowMinimum => "최소 결제 금액보다 적어 쓸 수 없습니다",
        Unavailable::AboveMaximum => "한 번에 결제할 수 있는 금액을 넘었습니다",
        Unavailable::Other => "지금은 쓸 수 없습니다",
    }
}

const fn state(kind: StateKind) -> Say {
    let (title, detail) = match kind {
        StateKind::Loading => ("결제 정보를 불러오고 있습니다", ""),
        StateKind::Unreachable => (
            "결제 정보를 불러오지 못했습니다",
            "인터넷 연결을 확인해 주세요. 연결되면 저절로 다시 불러옵니다.",
        ),
        StateKind::Choosing => ("", ""),
        StateKind::Opening | StateKind::Climbing => ("결제창을 열고 있습니다", ""),
        StateKind::Failed => (
            "결제 요청의 답을 받지 못했습니다",
            "다시 시도하시면 같은 요청을 이어서 확인합니다. 두 번 결제되지 않습니다.",
        ),
        StateKind::Away => ("결제창에서 결제를 진행해 주세요", ""),
        StateKind::Blocked => (
            "결제창이 열리지 않았습니다",
            "브라우저가 막았을 수 있습니다. 결제창이 보인다면 거기서, 아니면 아래 방법으로 이어서 결제해 주세요.",
        ),
        StateKind::Interrupted => (
            "결제창이 닫혔습니다",
            "결제가 아직 끝나지 않았습니다. 이어서 결제하시거나 다른 방법을 고르실 수 있습니다.",
        ),
        StateKind::Confirming => (
            "결제 결과를 확인하고 있습니다",
            "잠시만 기다려 주세요. 다시 결제하지 않으셔도 됩니다.",
        ),
        StateKind::Viewer => (
            "다른 탭에서 결제가 진행 중입니다",
            "결과는 이 탭에도 바로 나타납니다. 그 탭을 닫으셨다면 여기서 이어 가실 수 있습니다.",
        ),
        StateKind::Deposit => (
            "아래 계좌로 입금해 주세요",
            "입금이 확인되면 결제가 끝납니다. 이 화면은 닫으셔도 됩니다.",
        ),
        StateKind::Declined => ("결제되지 않았습니다", "다른 결제 수단으로 다시 시도해 주세요."),
        StateKind::Review => (
            "결제 내용을 확인하고 있습니다",
            "담당자가 확인한 뒤 쇼핑몰에서 안내해 드립니다. 다시 결제하지 말아 주세요.",
        ),
        StateKind::Paid => ("결제가 완료되었습니다", "이용해 주셔서 감사합니다."),
        StateKind::Cancelled => ("취소된 결제입니다", "결제하신 금액이 있다면 모두 돌려드립니다."),
        StateKind::Expired => {
            ("결제 시간이 지났습니다", "결제되지 않았습니다. 쇼핑몰에서 주문을 다시 시작해 주세요.")
        }
        StateKind::Refunded => {
            ("환불되었습니다", "카드사나 은행에 따라 돌려받기까지 며칠이 걸릴 수 있습니다.")
        }
        StateKind::Refused => ("결제를 시작할 수 없습니다", ""),
    };
    Say { title, detail }
}

const fn away(rung: Presentation) -> Say {
    match rung {
        Presentation::Iframe => {
            Say { title: "결제창에서 결제를 진행해 주세요", detail: "" }
        }
        Presentation::Popup => Say {
            title: "새로 열린 창에서 결제를 진행해 주세요",
            detail: "결제를 마치면 이 화면이 저절로 바뀝니다.",
        },
        Presentation::Redirect => {
            Say { title: "결제 페이지로 이동하고 있습니다", detail: "" }
        }
    }
}

const fn decline(code: DeclineCode) -> Say {
    let (title, detail) = match code {
        DeclineCode::CardDeclined => (
            "카드사에서 승인하지 않았습니다",
            "결제되지 않았습니다. 다른 카드나 다른 결제 수단을 써 주세요.",
        ),
        DeclineCode::BuyerCancelled => {
            ("결제를 그만두셨습니다", "결제되지 않았습니다. 원하실 때 다시 결제하실 수 있습니다.")
        }
        DeclineCode::LimitExceeded => (
            "결제 한도를 넘었습니다",
            "결제되지 않았습니다. 한도를 확인하시거나 다른 결제 수단을 써 주세요.",
        ),
        DeclineCode::Expired => {
            ("결제 시간이 지났습니다", "결제되지 않았습니다. 다시 시도해 주세요.")
        }
        DeclineCode::SoldOut => (
            "그사이 다른 분이 먼저 구매하셨습니다",
            "결제되지 않았습니다. 빠져나간 금액이 있다면 모두 돌려드립니다.",
        ),
        DeclineCode::AmountMismatch => (
            "결제 금액이 맞지 않아 결제를 취소했습니다",
            "결제되지 않았습니다. 빠져나간 금액이 있다면 모두 돌려드립니다.",
        ),
        DeclineCode::ProviderUnavailable => (
            "결제사와 연결되지 않았습니다",
            "결제되지 않았습니다. 잠시 뒤 다시 시도하거나 다른 결제 수단을 써 주세요.",
        ),
        DeclineCode::Other => {
            ("결제되지 않았습니다", "다시 시도하거나 다른 결제 수단을 써 주세요.")
        }
    };
    Say { title, detail }
}

fn refused_here(code: &str) -> &'static str {
    match code {
        "sold_out_or_held" => "지금 다른 분이 결제하고 계십니다. 잠시 뒤 다시 시도해 주세요.",
        "method_unavailable" | "presentation_unavailable" => {
            "지금은 쓸 수 없는 결제 수단입니다. 다른 수단을 골라 주세요."
        }
        "hold_limit" => {
            "결제를 기다리는 상품이 많습니다. 먼저 시작한 결제를 끝낸 뒤 다시 시도해 주세요."
        }
        "velocity_limited" => "짧은 시간에 여러 번 시도하셨습니다. 잠시 뒤 다시 시도해 주세요.",
        "provider_unavailable" => {
            "결제사와 연결되지 않았습니다. 잠시 뒤 다시 시도하거나 다른 수단을 골라 주세요."
        }
        _ => "결제를 시작하지 못했습니다. 다시 시도해 주세요.",
    }
}

fn refused(code: &str) -> Say {
    let (title, detail) = match code {
        "token_expired" => (
            "결제 화면의 유효 시간이 지났습니다",
            "결제되지 않았습니다. 쇼핑몰에서 결제를 다시 시작해 주세요.",
        ),
        "quote_expired" => (
            "판매 기간이 끝났습니다",
            "결제되지 않았습니다. 지금 살 수 있는지 쇼핑몰에서 확인해 주세요.",
        ),
        "token_replayed" => (
            "이미 사용된 결제 화면입니다",
            "다른 창이나 기기에서 결제하셨다면 쇼핑몰의 주문 내역에서 결과를 확인해 주세요.",
        ),
        "token_missing" | "checkout_missing" => {
            ("이 브라우저에는 결제 정보가 없습니다", "쇼핑몰의 주문 내역에서 결과를 확인해 주세요.")
        }
        _ => (
            "결제를 시작할 수 없습니다",
            "쇼핑몰에서 결제를 다시 시작하시거나 쇼핑몰에 문의해 주세요.",
        ),
    };
    Say { title, detail }
}
