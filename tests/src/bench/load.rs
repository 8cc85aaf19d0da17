//! The load: so many connections, each with one request at a time, until every request has its answer.
//!
//! # Why our own
//! Every request is another one (a token can be used once), and every answer is read: a generator that
//! repeats one request, or counts an error page as an answer, measures something else.

use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// A request.
#[derive(Debug, Clone)]
pub struct Shot {
    pub method: Method,
    pub path: String,
    pub headers: Vec<(&'static str, String)>,
    pub body: String,
}

/// What came back.
#[derive(Debug, Clone, Default)]
pub struct Answer {
    pub status: u16,
    pub body: Bytes,
    /// From the first byte of the request to the last of the answer.
    pub took: Duration,
}

/// All answers, in the order of their requests.
#[derive(Debug)]
pub struct Volley {
    pub answers: Vec<Answer>,
    pub took: Duration,
}

impl Volley {
    /// The latency that so many of a hundred answers do not exceed.
    #[must_use]
    pub fn percentile(&self, percent: usize) -> Duration {
        let mut all: Vec<Duration> = self.answers.iter().map(|answer| answer.took).collect();
        all.sort_unstable();
        let at = (all.len() * percent).div_ceil(100).saturating_sub(1);
        all.get(at).copied().unwrap_or_default()
    }

    /// Answers in a second.
    #[must_use]
    pub fn rate(&self) -> f64 {
        self.answers.len() as f64 / self.took.as_secs_f64()
    }
}

/// Sends all of them over so many connections, which are open before the clock starts.
///
/// # Errors
/// When a connection breaks: a volley with a hole is none.
pub fn fire(port: u16, connections: usize, shots: Vec<Shot>) -> Result<Volley, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| error.to_string())?;
    let tasks = tokio::task::LocalSet::new();
    tasks.block_on(&runtime, volley(port, connections, shots))
}

async fn volley(port: u16, connections: usize, shots: Vec<Shot>) -> Result<Volley, String> {
    let count = shots.len();
    let mut open = Vec::new();
    for _ in 0..connections.min(count) {
        open.push(connect(port).await?);
    }
    let waiting: VecDeque<(usize, Shot)> = shots.into_iter().enumerate().collect();
    let waiting = Rc::new(Mutex::new(waiting));
    let answers = Rc::new(Mutex::new(vec![Answer::default(); count]));
    let begun = now();
    let work = open.into_iter().map(|connection| {
        tokio::task::spawn_local(work_off(
            connection,
            port,
            Rc::clone(&waiting),
            Rc::clone(&answers),
        ))
    });
    let work: Vec<_> = work.collect();
    for task in work {
        task.await.map_err(|error| error.to_string())??;
    }
    let took = begun.elapsed();
    let answers = std::mem::take(&mut *answers.lock().map_err(|error| error.to_string())?);
    Ok(Volley { answers, took })
}

/// One connection's part: the next request as soon as the one before has its answer.
async fn work_off(
    mut connection: SendRequest<Full<Bytes>>,
    port: u16,
    waiting: Rc<Mutex<VecDeque<(usize, Shot)>>>,
    answers: Rc<Mutex<Vec<Answer>>>,
) -> Result<(), String> {
    let next = || waiting.lock().ok().and_then(|mut all| all.pop_front());
    while let Some((at, shot)) = next() {
        let answer = one(&mut connection, port, shot).await?;
        if let Ok(mut all) = answers.lock() {
            all[at] = answer;
        }
    }
    Ok(())
}

async fn connect(port: u16) -> Result<SendRequest<Full<Bytes>>, String> {
    let stream =
        TcpStream::connect(("127.0.0.1", port)).await.map_err(|error| error.to_string())?;
    stream.set_nodelay(true).map_err(|error| error.to_string())?;
    let (sender, connection) =
        handshake(TokioIo::new(stream)).await.map_err(|error| error.to_string())?;
    tokio::task::spawn_local(connection);
    Ok(sender)
}

async fn one(
    connection: &mut SendRequest<Full<Bytes>>,
    port: u16,
    shot: Shot,
) -> Result<Answer, String> {
    let failed = |error: hyper::Error| format!("{}: {error}", shot.path);
    let mut request = Request::builder().method(shot.method).uri(&shot.path);
    request = request.header("host", format!("127.0.0.1:{port}"));
    for (name, value) in shot.headers {
        request = request.header(name, value);
    }
    let request =
        request.body(Full::new(Bytes::from(shot.body))).map_err(|error| error.to_string())?;
    let begun = now();
    connection.ready().await.map_err(failed)?;
    let answer = connection.send_request(request).await.map_err(failed)?;
    let status = answer.status().as_u16();
    let body = answer.into_body().collect().await.map_err(failed)?.to_bytes();
    Ok(Answer { status, body, took: begun.elapsed() })
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
pub(super) fn now() -> Instant {
    Instant::now()
}
