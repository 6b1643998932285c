/**
 * Code that verifies signatures in nine languages: with the Standard Webhooks libraries, with `@posthorn/webhooks` for
 * JavaScript, and with the standard library for C#. Each snippet reads the secret from the environment.
 */
export interface Snippet {
  readonly id: string;
  readonly label: string;
  /** Command or dependency to install first; `null` when none is needed. */
  readonly install: string | null;
  readonly code: string;
}

/** JavaScript for customers, who do not see the name of Posthorn. */
const NEUTRAL_JAVASCRIPT: Snippet = {
  id: "javascript",
  label: "JavaScript",
  install: "npm install standardwebhooks",
  code: `import { Webhook } from "standardwebhooks";

const webhook = new Webhook(process.env.WEBHOOK_SECRET);

// Any fetch-style server: Node with Hono, Deno, Bun, Workers, Next.js …
export async function POST(request) {
  const body = await request.text();
  let event;
  try {
    event = webhook.verify(body, Object.fromEntries(request.headers));
  } catch {
    return new Response("bad signature", { status: 400 });
  }
  return new Response(null, { status: 204 });
}`,
};

/** The snippets as customers see them. */
export function customerSnippets(): readonly Snippet[] {
  return SNIPPETS.map((snippet) => (snippet.id === NEUTRAL_JAVASCRIPT.id ? NEUTRAL_JAVASCRIPT : snippet));
}

export const SNIPPETS: readonly Snippet[] = [
  {
    id: "javascript",
    label: "JavaScript",
    install: "npm install @posthorn/webhooks",
    code: `import { verify } from "@posthorn/webhooks";

// Any fetch-style server: Node with Hono, Deno, Bun, Workers, Next.js …
export async function POST(request) {
  const body = new Uint8Array(await request.arrayBuffer());
  try {
    await verify({ headers: request.headers, body }, process.env.WEBHOOK_SECRET);
  } catch {
    return new Response("bad signature", { status: 400 });
  }
  const event = JSON.parse(new TextDecoder().decode(body));
  return new Response(null, { status: 204 });
}`,
  },
  {
    id: "python",
    label: "Python",
    install: "pip install standardwebhooks flask",
    code: `import os
from flask import Flask, request
from standardwebhooks.webhooks import Webhook

app = Flask(__name__)
webhook = Webhook(os.environ["WEBHOOK_SECRET"])

@app.post("/webhooks")
def receive():
    try:
        # The body as it came: not request.json
        event = webhook.verify(request.get_data(), request.headers)
    except Exception:
        return "bad signature", 400
    return "", 204`,
  },
  {
    id: "go",
    label: "Go",
    install: "go get github.com/standard-webhooks/standard-webhooks/libraries/go",
    code: `package main

import (
	"io"
	"log"
	"net/http"
	"os"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

func main() {
	webhook, err := standardwebhooks.NewWebhook(os.Getenv("WEBHOOK_SECRET"))
	if err != nil {
		log.Fatal(err)
	}
	http.HandleFunc("POST /webhooks", func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
		if err != nil || webhook.Verify(body, r.Header) != nil {
			http.Error(w, "bad signature", http.StatusBadRequest)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	})
	log.Fatal(http.ListenAndServe(":3000", nil))
}`,
  },
  {
    id: "ruby",
    label: "Ruby",
    install: "gem install standardwebhooks sinatra",
    code: `require "sinatra"
require "standardwebhooks"

WEBHOOK = StandardWebhooks::Webhook.new(ENV.fetch("WEBHOOK_SECRET"))

post "/webhooks" do
  headers = %w[webhook-id webhook-timestamp webhook-signature].to_h do |name|
    [name, request.get_header("HTTP_#{name.upcase.tr("-", "_")}")]
  end
  event = WEBHOOK.verify(request.body.read, headers)
  status 204
rescue StandardWebhooks::WebhookVerificationError
  halt 400, "bad signature"
end`,
  },
  {
    id: "php",
    label: "PHP",
    install: "composer require standard-webhooks/standard-webhooks",
    code: `<?php
require __DIR__ . '/vendor/autoload.php';

$webhook = new \\StandardWebhooks\\Webhook(getenv('WEBHOOK_SECRET'));
$headers = [
    'webhook-id' => $_SERVER['HTTP_WEBHOOK_ID'] ?? '',
    'webhook-timestamp' => $_SERVER['HTTP_WEBHOOK_TIMESTAMP'] ?? '',
    'webhook-signature' => $_SERVER['HTTP_WEBHOOK_SIGNATURE'] ?? '',
];
try {
    $event = $webhook->verify(file_get_contents('php://input'), $headers);
    http_response_code(204);
} catch (\\Exception $error) {
    http_response_code(400);
}`,
  },
  {
    id: "java",
    label: "Java",
    install: 'implementation("com.standardwebhooks:standardwebhooks:1.1.0")',
    code: `import com.standardwebhooks.Webhook;
import java.net.http.HttpHeaders;
import java.util.List;
import java.util.Map;

Webhook webhook = new Webhook(System.getenv("WEBHOOK_SECRET"));

// In a servlet; body: the text of the request as it came
HttpHeaders headers = HttpHeaders.of(
    Map.of(
        "webhook-id", List.of(request.getHeader("webhook-id")),
        "webhook-timestamp", List.of(request.getHeader("webhook-timestamp")),
        "webhook-signature", List.of(request.getHeader("webhook-signature"))),
    (name, value) -> true);
webhook.verify(body, headers); // throws WebhookVerificationException`,
  },
  {
    id: "kotlin",
    label: "Kotlin",
    install: 'implementation("com.standardwebhooks:standardwebhooks:1.1.0")',
    code: `import com.standardwebhooks.Webhook
import java.net.http.HttpHeaders

val webhook = Webhook(System.getenv("WEBHOOK_SECRET"))

// In Ktor
post("/webhooks") {
    val body = call.receiveText()
    val names = listOf("webhook-id", "webhook-timestamp", "webhook-signature")
    val values = names.associateWith { listOf(call.request.headers[it].orEmpty()) }
    val genuine = runCatching { webhook.verify(body, HttpHeaders.of(values) { _, _ -> true }) }.isSuccess
    call.respond(if (genuine) HttpStatusCode.NoContent else HttpStatusCode.BadRequest)
}`,
  },
  {
    id: "csharp",
    label: "C#",
    install: null,
    code: `using System.Security.Cryptography;
using System.Text;

var secret = Environment.GetEnvironmentVariable("WEBHOOK_SECRET")!;
var key = Convert.FromBase64String(secret.Replace("whsec_", ""));
var app = WebApplication.Create();

app.MapPost("/webhooks", async (HttpRequest request) =>
{
    using var body = new MemoryStream();
    await request.Body.CopyToAsync(body);
    string id = request.Headers["webhook-id"]!, time = request.Headers["webhook-timestamp"]!;
    if (!long.TryParse(time, out var seconds)) return Results.BadRequest();
    if (Math.Abs(DateTimeOffset.UtcNow.ToUnixTimeSeconds() - seconds) > 300) return Results.BadRequest();
    byte[] signed = [.. Encoding.UTF8.GetBytes($"{id}.{time}."), .. body.ToArray()];
    var expected = Encoding.UTF8.GetBytes("v1," + Convert.ToBase64String(HMACSHA256.HashData(key, signed)));
    var genuine = request.Headers["webhook-signature"].ToString().Split(' ')
        .Any(one => CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(one), expected));
    return genuine ? Results.NoContent() : Results.BadRequest();
});
app.Run();`,
  },
  {
    id: "rust",
    label: "Rust",
    install: "cargo add standardwebhooks axum tokio --features tokio/full",
    code: `use axum::{body::Bytes, http::{HeaderMap, StatusCode}, routing::post, Router};
use standardwebhooks::Webhook;

async fn receive(headers: HeaderMap, body: Bytes) -> StatusCode {
    let secret = std::env::var("WEBHOOK_SECRET").expect("WEBHOOK_SECRET");
    match Webhook::new(&secret).and_then(|webhook| webhook.verify(&body, &headers)) {
        Ok(()) => StatusCode::NO_CONTENT,
        Err(_) => StatusCode::BAD_REQUEST,
    }
}

#[tokio::main]
async fn main() {
    let app = Router::new().route("/webhooks", post(receive));
    let listener = tokio::net::TcpListener::bind("0.0.0.0:3000").await.unwrap();
    axum::serve(listener, app).await.unwrap();
}`,
  },
];
