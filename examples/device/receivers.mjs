/** The receivers of the example: one for webhooks, which verifies signatures, and a stand-in for Slack, which shows what it would post. */
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import { Webhook } from "standardwebhooks";

export async function startWebhookReceiver() {
  const types = [];
  let webhook = null;
  async function receive(request, response) {
    const body = await text(request);
    const event = webhook.verify(body, request.headers);
    const id = String(request.headers["webhook-id"]);
    console.log(`  webhook  ${id}  ${event.key} ${event.phase} at ${event.value} °C, signature valid`);
    types.push(`freezer.warm.${event.phase}`);
    response.writeHead(204).end();
  }
  const server = createServer((request, response) => {
    receive(request, response).catch((error) => {
      console.error(`  webhook  refused: ${error.message}`);
      response.writeHead(400).end();
    });
  });
  return {
    url: await listen(server, "http"),
    verifyWith(secret) {
      webhook = new Webhook(secret);
    },
    received: (type) => until(() => types.includes(type), `the webhook ${type}`),
    [Symbol.asyncDispose]: () => close(server),
  };
}

/** Slack's webhook URLs use HTTPS, so the stand-in has its own certificate. */
export async function startSlack(folder) {
  const [key, certificate] = [join(folder, "slack.key"), join(folder, "slack.crt")];
  try {
    const request = [
      "req",
      "-x509",
      "-newkey",
      "ec",
      "-pkeyopt",
      "ec_paramgen_curve:prime256v1",
      "-nodes",
      "-days",
      "1",
    ];
    const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"];
    execFileSync("openssl", [...request, "-keyout", key, "-out", certificate, ...subject], { stdio: "ignore" });
  } catch (cause) {
    throw new Error("The example needs openssl to create the certificate of the stand-in for Slack.", { cause });
  }
  const messages = [];
  async function receive(request, response) {
    const message = JSON.parse(await text(request));
    messages.push(message);
    console.log(`  Slack    ${JSON.stringify(message, null, 2).replaceAll("\n", "\n           ")}`);
    response.writeHead(200, { "content-type": "text/html" }).end("ok");
  }
  const tls = { key: readFileSync(key), cert: readFileSync(certificate) };
  const server = createTlsServer(tls, (request, response) => {
    receive(request, response).catch(() => response.writeHead(400).end("invalid_payload"));
  });
  const origin = await listen(server, "https");
  return {
    url: `${origin}/services/T00000000/B00000000/example`,
    certificate,
    received: (count) => until(() => messages.length >= count, `message ${count} in Slack`),
    [Symbol.asyncDispose]: () => close(server),
  };
}

async function listen(server, scheme) {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return `${scheme}://127.0.0.1:${server.address().port}`;
}

async function close(server) {
  server.closeAllConnections();
  server.close();
  await once(server, "close");
}

async function until(isDone, what) {
  for (let tries = 0; tries < 600; tries++) {
    if (isDone()) return;
    await delay(100);
  }
  throw new Error(`Waited a minute for ${what}.`);
}
