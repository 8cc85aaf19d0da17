//! What the page's content policies allow, asked as a browser asks.

use std::borrow::Cow;

use content_security_policy::sandboxing_directive::SandboxingFlagSet;
use content_security_policy::{
    CheckResult, CspList, Destination, Element, Initiator, InlineCheckType, ParserMetadata,
    PolicyDisposition, PolicySource, Request, Url, Violation,
};

use super::Page;
use super::html::{Document, Script};

const POLICY: &str = "content-security-policy";
const REPORTED: &str = "content-security-policy-report-only";

/// Every policy of a page.
pub(super) struct Policies {
    /// Those that are kept.
    pub(super) enforced: CspList,
    /// Those that only report, read as if they were kept: what breaks on the day they are.
    pub(super) tried: CspList,
    page: Url,
}

impl Policies {
    pub(super) fn of(page: &Page, document: &Document) -> Self {
        let read = |text: &str, source| CspList::parse(text, source, PolicyDisposition::Enforce);
        let header = |name| read(&page.header(name).unwrap_or_default(), PolicySource::Header);
        let mut enforced = header(POLICY);
        for (name, content) in &document.metas {
            if name == POLICY {
                enforced.append(read(content, PolicySource::Meta));
            }
        }
        Self { enforced, tried: header(REPORTED), page: page.url.clone() }
    }

    /// The directive that keeps a page from something of another origin; [`None`] when it may.
    pub(super) fn refuses(
        &self,
        list: &CspList,
        to: &Url,
        destination: Destination,
        by: Option<&Script>,
    ) -> Option<String> {
        let request = Request {
            url: to.clone(),
            current_url: to.clone(),
            origin: self.page.origin(),
            redirect_count: 0,
            destination,
            initiator: Initiator::None,
            nonce: by.and_then(|script| script.nonce.clone()).unwrap_or_default(),
            integrity_metadata: by.and_then(|script| script.integrity.clone()).unwrap_or_default(),
            parser_metadata: match by {
                Some(_) => ParserMetadata::ParserInserted,
                None => ParserMetadata::NotParserInserted,
            },
        };
        blocked(list.should_request_be_blocked(&request))
    }

    /// The directive that keeps a script of the page's own text from running.
    pub(super) fn refuses_inline(&self, script: &Script) -> Option<String> {
        let element = Element { nonce: script.nonce.clone().map(Cow::Owned) };
        blocked(self.enforced.should_elements_inline_type_behavior_be_blocked(
            &element,
            InlineCheckType::Script,
            &script.text,
        ))
    }

    /// Whether WebAssembly may be compiled.
    pub(super) fn refuses_wasm(list: &CspList) -> Option<String> {
        blocked(list.is_wasm_evaluation_allowed())
    }

    /// Whether any policy has this directive.
    pub(super) fn says(&self, directive: &str) -> bool {
        self.enforced.0.iter().any(|policy| policy.contains_a_directive_whose_name_is(directive))
    }

    /// What the page itself is kept from, if it is sandboxed.
    pub(super) fn sandbox(&self) -> SandboxingFlagSet {
        self.enforced
            .get_sandboxing_flag_set_for_document()
            .unwrap_or_else(SandboxingFlagSet::empty)
    }
}

fn blocked((result, violations): (CheckResult, Vec<Violation>)) -> Option<String> {
    let name = violations.into_iter().next().map(|violation| violation.directive.name);
    (result == CheckResult::Blocked).then(|| name.unwrap_or_default())
}
