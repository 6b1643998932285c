/** Sign-in of a command line with a code that a person confirms in the browser (RFC 8628). */
import { setTimeout as delay } from "node:timers/promises";
import { PosthornError } from "../../lib/errors.ts";

export interface DeviceSignIn {
  readonly url: string;
  /** Shown to the person who confirms the code. */
  readonly client: string;
  /** Shows where to enter which code. */
  readonly show: (text: string) => void;
  readonly wait?: (ms: number) => Promise<unknown>;
  /** Unix milliseconds. */
  readonly now?: () => number;
}

interface DeviceAnswer {
  readonly device_code: string;
  readonly user_code: string;
  readonly verification_uri: string;
  readonly verification_uri_complete: string;
  readonly expires_in: number;
  readonly interval: number;
}

const GRANT = "urn:ietf:params:oauth:grant-type:device_code";
/** RFC 8628, section 3.5. */
const SLOWER_MS = 5000;

/** Returns the token, once the code was confirmed. Throws `sign_in_failed` when it was denied, or has expired. */
export async function signInWithCode(options: DeviceSignIn): Promise<string> {
  const { url, client, show, wait = delay, now = Date.now } = options;
  const started = await post(url, "/api/v1/device/code", { client_id: client.slice(0, 100) });
  if (started.status !== 200) throw failed(`The server refused to start a sign-in (${started.status}).`);
  const device = started.json as unknown as DeviceAnswer;
  show(`Open ${device.verification_uri} and enter the code ${device.user_code}`);
  show(`or open ${device.verification_uri_complete}`);
  let waitMs = device.interval * 1000;
  for (const end = now() + device.expires_in * 1000; now() < end;) {
    await wait(waitMs);
    const asked = { grant_type: GRANT, device_code: device.device_code };
    const { status, json } = await post(url, "/api/v1/device/token", asked);
    if (status === 200) return String(json["access_token"]);
    if (json["error"] === "slow_down") waitMs += SLOWER_MS;
    else if (json["error"] !== "authorization_pending")
      throw failed((json["error_description"] as string | undefined) ?? `The server responded with ${status}.`);
  }
  throw failed("The code has expired. Run `posthorn login` again.");
}

const failed = (message: string): PosthornError => new PosthornError("sign_in_failed", message);

async function post(url: string, path: string, body: object) {
  let response: Response;
  try {
    response = await fetch(new URL(path, url), {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(30_000),
    });
  } catch (cause) {
    throw new PosthornError(
      "bad_request",
      `No server responds at ${url}. Check the URL, or start it with \`posthorn start\`.`,
      { cause },
    );
  }
  return { status: response.status, json: (await response.json()) as Record<string, unknown> };
}
