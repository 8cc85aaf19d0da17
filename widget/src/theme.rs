//! The style sheet, adopted inside the shadow root: no inline style anywhere, so that the strictest
//! content policy lets it in.

use wasm_bindgen::JsValue;
use web_sys::{CssStyleSheet, ShadowRoot};

const SHEET: &str = include_str!("theme.css");

/// Adopts the sheet in place of the loader's.
pub(crate) fn adopt(root: &ShadowRoot) {
    let Ok(sheet) = CssStyleSheet::new() else { return };
    if sheet.replace_sync(SHEET).is_err() {
        return;
    }
    let sheets = js_sys::Array::of1(&sheet);
    // Not yet among the stable bindings.
    let _set = js_sys::Reflect::set(root, &JsValue::from_str("adoptedStyleSheets"), &sheets);
}
