//! demo/shop
