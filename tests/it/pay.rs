//! Payments from the shop's call to its notice.

use crate::world::{Buyer, CAMERA, together};

#[test]
fn r18_r49_i1_i2_i3_toss_is_paid_once_by_redirect_and_the_shop_is_told() {
    let world = together();
    let opened = world.open(CAMERA, 31_000);
    let mut buyer = Buyer::of(&world, &opened);
    let back = buyer.pay("toss_card", "redirect");
    assert_eq!(back.code, 303, "{}", back.body);
    let home = format!("{}/return.html?hanbeon={}", world.shop_origin, opened.id);
    assert_eq!(back.header("location"), home);
    buyer.until_paid();
    world.assert_paid_once(&opened);
}
