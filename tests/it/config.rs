//! An installation whose configuration cannot be used.

use crate::world::CAMERA;
use crate::world::http::{Call, agent};
use crate::world::runtime;

#[test]
fn f55_a_configuration_with_a_problem_answers_every_call_with_internal_and_says_nothing_more() {
    let base = runtime::free_base();
    let mut process =
        runtime::start("config", base, "build-demo", &["--var", "DERIVE_SECRET=short"]);
    let agent = agent();
    let call = |method: &str, path: &str| {
        Call::new(&agent, method, &format!("http://127.0.0.1:{}{path}", base + 2))
    };
    let answers = [
        call("GET", "/v1/health").send(),
        call("GET", "/v1/checkouts").bearer(CAMERA.key).send(),
        call("POST", "/v1/webhooks/toss").body("application/json", "{}").send(),
    ];
    for answer in answers {
        answer.refused(500, "internal");
        assert!(!answer.body.contains("DERIVE"), "the log names it: {}", answer.body);
    }
    drop(process.stdin.take());
    process.wait().unwrap();
}
