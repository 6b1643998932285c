//! Drives a running server with the official Rust client and prints one line of JSON per check.
//!
//! Environment: SERVER_URL and TOKEN (of an organisation).

mod receiver;

use std::{env, error::Error};

use receiver::{Delivery, Inbox};
use serde_json::{Value, json};
use svix::{
    api::{MessageAttemptListByEndpointOptions, Svix, SvixOptions},
    models::{
        AppPortalAccessIn, ApplicationIn, EndpointIn, EndpointSecretRotateIn, EventExampleIn,
        EventTypeIn, MessageIn,
    },
    webhooks::Webhook,
};

type Outcome = Result<(), Box<dyn Error>>;

const APP: &str = "rust-client";

struct Scene {
    svix: Svix,
    inbox: Inbox,
    server: String,
    endpoint: String,
    message: String,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Outcome {
    let server = env::var("SERVER_URL")?;
    let svix = client(env::var("TOKEN")?, &server);
    let inbox = Inbox::open();
    let mut scene = Scene {
        svix,
        inbox,
        server,
        endpoint: String::new(),
        message: String::new(),
    };
    report(
        "application.get_or_create, event_type.create, endpoint.create",
        set_up(&mut scene).await,
    );
    report(
        "message.create delivers the bytes, and the client's verifier accepts them",
        deliver(&mut scene).await,
    );
    report(
        "message_attempt.list_by_endpoint, with `after` at the time of the attempt",
        list(&scene).await,
    );
    report(
        "message_attempt.resend keeps the message ID",
        resend(&scene).await,
    );
    report(
        "endpoint.rotate_secret returns the new secret, which signs the next delivery",
        rotate(&scene).await,
    );
    report(
        "endpoint.send_example with a payload",
        example(&scene).await,
    );
    report(
        "endpoint.get_stats, endpoint.get_attempt_stats",
        stats(&scene).await,
    );
    report(
        "authentication.app_portal_access gives a token that works",
        portal(&scene).await,
    );
    report(
        "an unknown application is an error with status 404 and a code",
        unknown(&scene).await,
    );
    Ok(())
}

fn client(token: String, server: &str) -> Svix {
    let options = SvixOptions {
        server_url: Some(server.to_string()),
        ..Default::default()
    };
    Svix::new(token, Some(options))
}

fn report(check: &str, outcome: Outcome) {
    let line = match outcome {
        Ok(()) => json!({ "check": check, "ok": true }),
        Err(error) => json!({ "check": check, "ok": false, "detail": format!("{error:?}") }),
    };
    println!("{line}");
}

fn expect(condition: bool, what: impl ToString) -> Outcome {
    if condition {
        Ok(())
    } else {
        Err(what.to_string().into())
    }
}

async fn set_up(scene: &mut Scene) -> Outcome {
    let application = || {
        let mut application = ApplicationIn::new("Rust client".into());
        application.uid = Some(APP.into());
        application
    };
    let first = scene
        .svix
        .application()
        .get_or_create(application(), None)
        .await?;
    let again = scene
        .svix
        .application()
        .get_or_create(application(), None)
        .await?;
    expect(first.id == again.id, "the application was created twice")?;
    let event_type = EventTypeIn::new("order.created".into(), "An order was created".into());
    scene.svix.event_type().create(event_type, None).await?;
    let endpoint = EndpointIn::new(scene.inbox.url.clone());
    scene.endpoint = scene
        .svix
        .endpoint()
        .create(APP.into(), endpoint, None)
        .await?
        .id;
    Ok(())
}

async fn publish(scene: &Scene, payload: Value) -> Result<String, Box<dyn Error>> {
    let message = MessageIn::new("order.created".into(), payload);
    Ok(scene
        .svix
        .message()
        .create(APP.into(), message, None)
        .await?
        .id)
}

async fn secret(scene: &Scene) -> Result<String, Box<dyn Error>> {
    Ok(scene
        .svix
        .endpoint()
        .get_secret(APP.into(), scene.endpoint.clone())
        .await?
        .key)
}

fn verify(secret: &str, Delivery { headers, body }: &Delivery) -> Outcome {
    let mut map = http::HeaderMap::new();
    for (name, value) in headers {
        map.insert(http::HeaderName::try_from(name)?, value.parse()?);
    }
    Ok(Webhook::new(secret)?.verify(body, &map)?)
}

async fn deliver(scene: &mut Scene) -> Outcome {
    scene.message = publish(scene, json!({ "n": 18446744073709551615u64 })).await?;
    let mut delivery = scene.inbox.next();
    verify(&secret(scene).await?, &delivery)?;
    expect(
        delivery.body == b"{\"n\":18446744073709551615}",
        "other bytes",
    )?;
    delivery.body.push(b' ');
    expect(
        verify(&secret(scene).await?, &delivery).is_err(),
        "a changed body was accepted",
    )
}

async fn list(scene: &Scene) -> Outcome {
    let attempts = scene.svix.message_attempt();
    let all = attempts
        .list_by_endpoint(APP.into(), scene.endpoint.clone(), None)
        .await?
        .data;
    let oldest = all.last().ok_or("no attempt")?;
    let options = MessageAttemptListByEndpointOptions {
        after: Some(oldest.timestamp.clone()),
        ..Default::default()
    };
    let later = attempts
        .list_by_endpoint(APP.into(), scene.endpoint.clone(), Some(options))
        .await?
        .data;
    expect(
        later.iter().any(|attempt| attempt.id == oldest.id),
        "the attempt is missing",
    )
}

async fn resend(scene: &Scene) -> Outcome {
    let attempts = scene.svix.message_attempt();
    attempts
        .resend(
            APP.into(),
            scene.message.clone(),
            scene.endpoint.clone(),
            None,
        )
        .await?;
    expect(
        scene.inbox.next().headers["webhook-id"] == scene.message,
        "another message",
    )
}

async fn rotate(scene: &Scene) -> Outcome {
    let mut rotation = EndpointSecretRotateIn::new();
    rotation.grace_period_seconds = Some(0);
    let endpoint = scene.endpoint.clone();
    let rotated = scene
        .svix
        .endpoint()
        .rotate_secret(APP.into(), endpoint, rotation, None)
        .await?
        .key;
    expect(rotated == secret(scene).await?, "another secret")?;
    publish(scene, json!({ "a": 2 })).await?;
    verify(&rotated, &scene.inbox.next())
}

async fn example(scene: &Scene) -> Outcome {
    let mut example = EventExampleIn::new("order.created".into());
    example.payload = Some(json!({ "example": true }));
    scene
        .svix
        .endpoint()
        .send_example(APP.into(), scene.endpoint.clone(), example, None)
        .await?;
    expect(
        scene.inbox.next().body == b"{\"example\":true}",
        "another body",
    )
}

async fn stats(scene: &Scene) -> Outcome {
    let endpoints = scene.svix.endpoint();
    let attempts = endpoints
        .get_attempt_stats(APP.into(), scene.endpoint.clone(), None)
        .await?;
    expect(attempts.success >= 1, "no success counted")?;
    let stats = endpoints
        .get_stats(APP.into(), scene.endpoint.clone(), None)
        .await?;
    expect(stats.fail == 0, "a failure counted")
}

async fn portal(scene: &Scene) -> Outcome {
    let access = scene
        .svix
        .authentication()
        .app_portal_access(APP.into(), AppPortalAccessIn::new(), None)
        .await?;
    let endpoint = client(access.token, &scene.server)
        .endpoint()
        .get(APP.into(), scene.endpoint.clone())
        .await?;
    expect(endpoint.id == scene.endpoint, "another endpoint")
}

async fn unknown(scene: &Scene) -> Outcome {
    match scene
        .svix
        .application()
        .get("no-such-application".into())
        .await
    {
        Err(svix::error::Error::Http(error)) => {
            let code = error.payload.map(|payload| payload.code);
            expect(
                error.status.as_u16() == 404 && code.as_deref() == Some("not_found"),
                "another error",
            )
        }
        other => Err(format!("{other:?}").into()),
    }
}
