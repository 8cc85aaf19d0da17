//! What the shop sells, and what a cart costs. The page names articles; prices come from here.

use std::{collections::BTreeMap, fs, path::Path};

use serde::{Deserialize, Serialize};

/// A cart holds no more different articles than a believable shop needs.
const ITEMS_MAX: usize = 20;
/// Pieces of one article in one cart.
const QUANTITY_MAX: u64 = 99;

/// The shop's two languages.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Lang {
    #[default]
    Ko,
    En,
}

/// A text in both of them.
#[derive(Clone, Debug, Deserialize)]
pub struct Text {
    pub ko: String,
    pub en: String,
}

impl Text {
    pub fn of(&self, lang: Lang) -> &str {
        match lang {
            Lang::Ko => &self.ko,
            Lang::En => &self.en,
        }
    }
}

/// One article. What only the page shows (art, text, specs) is not read here.
#[derive(Clone, Debug, Deserialize)]
pub struct Product {
    pub sku: String,
    pub merchant: String,
    pub seller: String,
    /// Won, for one piece.
    pub price: u64,
    /// How many pieces there are in all; absent when there are always enough.
    pub units: Option<u64>,
    pub name: Text,
}

/// All articles of `public/products.json`.
#[derive(Clone, Debug, Deserialize)]
pub struct Catalog {
    pub products: Vec<Product>,
}

/// What a page may say about a cart: which article, how many. Unknown fields (a price, say) are
/// refused rather than overlooked.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Item {
    pub sku: String,
    pub quantity: u64,
}

/// A line of an order, as the edge's API wants it.
#[derive(Clone, Debug, Serialize, PartialEq, Eq)]
pub struct Line {
    pub sku: String,
    pub name: String,
    pub quantity: u64,
    pub unit_amount: u64,
}

/// One seller's part of a cart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    pub seller: String,
    pub lines: Vec<Line>,
    pub amount: u64,
}

/// A priced cart: one merchant, one total, one part for each seller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    pub merchant: String,
    pub label: String,
    pub parts: Vec<Part>,
    pub amount: u64,
}

/// Why a cart cannot be ordered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    Empty,
    TooMany,
    UnknownSku(String),
    Quantity { sku: String, allowed: u64 },
    TwoMerchants,
}

impl Refused {
    /// A closed set of words, and a sentence.
    pub fn problem(&self) -> (&'static str, String) {
        match self {
            Self::Empty => ("cart_empty", "the cart holds no article".to_owned()),
            Self::TooMany => ("cart_too_large", format!("a cart holds up to {ITEMS_MAX} articles")),
            Self::UnknownSku(sku) => ("unknown_sku", format!("there is no article {sku:?}")),
            Self::Quantity { sku, allowed } => {
                ("quantity_not_allowed", format!("{sku}: 1 to {allowed} pieces can be ordered"))
            }
            Self::TwoMerchants => (
                "two_merchants",
                "the two shops are paid separately: order from one at a time".to_owned(),
            ),
        }
    }
}

impl Catalog {
    /// Reads the catalogue beside the pages.
    ///
    /// # Errors
    /// A sentence, when the file is absent or not of its form.
    pub fn load(public_dir: &Path) -> Result<Self, String> {
        let path = public_dir.join("products.json");
        let text = fs::read_to_string(&path)
            .map_err(|why| format!("reading {}: {why}", path.display()))?;
        serde_json::from_str(&text).map_err(|why| format!("parsing {}: {why}", path.display()))
    }

    pub fn product(&self, sku: &str) -> Option<&Product> {
        self.products.iter().find(|product| product.sku == sku)
    }

    /// The articles of which there are only so many.
    pub fn counted(&self) -> impl Iterator<Item = (&Product, u64)> {
        self.products.iter().filter_map(|product| Some((product, product.units?)))
    }

    /// Prices a cart and splits it by seller, sellers in the order in which they appear. The names
    /// are what the buyer reads at the provider, so they are in the buyer's language.
    ///
    /// # Errors
    /// Each variant of [`Refused`].
    pub fn plan(&self, items: &[Item], lang: Lang) -> Result<Plan, Refused> {
        if items.len() > ITEMS_MAX {
            return Err(Refused::TooMany);
        }
        let mut quantities: BTreeMap<&str, u64> = BTreeMap::new();
        let mut skus: Vec<&str> = Vec::new();
        for item in items {
            let sum = quantities.entry(&item.sku).or_insert(0);
            *sum = sum.saturating_add(item.quantity);
            if !skus.contains(&item.sku.as_str()) {
                skus.push(&item.sku);
            }
        }
        let mut parts: Vec<Part> = Vec::new();
        let mut first: Option<&Product> = None;
        for sku in &skus {
            let product =
                self.product(sku).ok_or_else(|| Refused::UnknownSku((*sku).to_owned()))?;
            let allowed = product.units.unwrap_or(QUANTITY_MAX).min(QUANTITY_MAX);
            let quantity = quantities[sku];
            if !(1..=allowed).contains(&quantity) {
                return Err(Refused::Quantity { sku: product.sku.clone(), allowed });
            }
            if first.get_or_insert(product).merchant != product.merchant {
                return Err(Refused::TwoMerchants);
            }
            let line = Line {
                sku: product.sku.clone(),
                name: product.name.of(lang).to_owned(),
                quantity,
                unit_amount: product.price,
            };
            let amount = product.price * quantity;
            match parts.iter_mut().find(|part| part.seller == product.seller) {
                Some(part) => {
                    part.amount += amount;
                    part.lines.push(line);
                }
                None => {
                    parts.push(Part { seller: product.seller.clone(), lines: vec![line], amount })
                }
            }
        }
        let first = first.ok_or(Refused::Empty)?;
        // The dearest article names the payment: a buyer knows the statement by it.
        let dearest = skus.iter().filter_map(|sku| self.product(sku)).max_by_key(|one| one.price);
        let name = dearest.unwrap_or(first).name.of(lang);
        let label = match (skus.len(), lang) {
            (1, _) => name.to_owned(),
            (more, Lang::Ko) => format!("{name} 외 {}건", more - 1),
            (more, Lang::En) => format!("{name} and {} more", more - 1),
        };
        let amount = parts.iter().map(|part| part.amount).sum();
        Ok(Plan { merchant: first.merchant.clone(), label, parts, amount })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn catalog() -> Catalog {
        Catalog::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../public")).unwrap()
    }

    fn item(sku: &str, quantity: u64) -> Item {
        Item { sku: sku.to_owned(), quantity }
    }

    #[test]
    fn a_price_in_the_request_is_refused() {
        let told = r#"{"sku":"x100v","quantity":1,"unit_amount":100}"#;
        assert!(serde_json::from_str::<Item>(told).is_err());
    }

    #[test]
    fn the_price_comes_from_the_catalogue() {
        let plan = catalog().plan(&[item("film-3pack", 2)], Lang::Ko).unwrap();
        assert_eq!((plan.amount, plan.merchant.as_str()), (62_000, "m_camera"));
        assert_eq!(plan.parts[0].lines[0].unit_amount, 31_000);
    }

    #[test]
    fn a_cart_from_two_sellers_has_two_parts_and_one_total() {
        let items = [item("film-3pack", 1), item("x100v", 1), item("strap", 1)];
        let plan = catalog().plan(&items, Lang::Ko).unwrap();
        let parts: Vec<_> = plan.parts.iter().map(|p| (p.seller.as_str(), p.amount)).collect();
        assert_eq!(parts, [("s-filmroom", 73_000), ("s-haru", 1_180_000)]);
        assert_eq!(plan.amount, 1_253_000);
        assert_eq!(plan.label, "후지필름 X100V 실버 외 2건");
        let english = catalog().plan(&items, Lang::En).unwrap();
        assert_eq!(english.label, "Fujifilm X100V Silver and 2 more");
        assert_eq!(english.parts[0].lines[0].name, "Haru Film Color 400 · 3 rolls");
    }

    #[test]
    fn the_same_article_twice_is_one_line() {
        let plan =
            catalog().plan(&[item("film-3pack", 1), item("film-3pack", 2)], Lang::Ko).unwrap();
        assert_eq!(plan.parts[0].lines.len(), 1);
        assert_eq!(plan.amount, 93_000);
    }

    #[test]
    fn what_cannot_be_ordered_is_refused_by_name() {
        let many: Vec<_> = (0..21).map(|_| item("strap", 1)).collect();
        for (items, expected) in [
            (vec![], Refused::Empty),
            (many, Refused::TooMany),
            (vec![item("nothing", 1)], Refused::UnknownSku("nothing".to_owned())),
            (vec![item("x100v", 2)], Refused::Quantity { sku: "x100v".to_owned(), allowed: 1 }),
            (
                vec![item("x100v", 1), item("x100v", 1)],
                Refused::Quantity { sku: "x100v".to_owned(), allowed: 1 },
            ),
            (vec![item("strap", 0)], Refused::Quantity { sku: "strap".to_owned(), allowed: 99 }),
            (
                vec![item("strap", u64::MAX), item("strap", 2)],
                Refused::Quantity { sku: "strap".to_owned(), allowed: 99 },
            ),
            (vec![item("strap", 1), item("book-time", 1)], Refused::TwoMerchants),
        ] {
            assert_eq!(catalog().plan(&items, Lang::Ko), Err(expected), "{items:?}");
        }
    }
}
