/** Explains in a failed run why messages are missing: the server never sent them, or the target confirmed them and no longer has them. */

type Call = (method: string, path: string) => Promise<Record<string, unknown>>;

interface Attempt {
  readonly id: string;
  readonly timestamp: string;
  readonly statusText: string;
  readonly responseStatusCode: number;
  readonly response: string;
  readonly errorCode: string | null;
}

const MOST_MESSAGES = 10;
const RESPONSE_LENGTH = 300;

/**
 * One line for each attempt of the first missing messages: time, outcome, the target's reference for the message, and its response. Two
 * messages with one reference were confused by the target.
 */
export async function missingMessages(call: Call, app: string, endpoint: string, ids: readonly string[]) {
  const lines: string[] = [];
  for (const id of ids.slice(0, MOST_MESSAGES)) {
    const path = `/app/${app}/attempt/msg/${id}`;
    const { data } = await call("GET", `${path}?endpoint_id=${endpoint}&limit=50`);
    const attempts = data as readonly Attempt[];
    if (attempts.length === 0) lines.push(`${id}: no attempt`);
    for (const { id: attempt, timestamp, statusText, responseStatusCode, response, errorCode } of attempts) {
      const { detail } = await call("GET", `/app/${app}/msg/${id}/attempt/${attempt}`);
      const { reference, batch } = (detail ?? {}) as { readonly reference?: unknown; readonly batch?: unknown };
      const outcome = [timestamp, statusText, responseStatusCode, errorCode ?? "no error"].join(" ");
      const facts = JSON.stringify({ reference, batch, response: response.slice(0, RESPONSE_LENGTH) });
      lines.push(`${id}: ${outcome} ${facts}`);
    }
  }
  return lines.join("\n");
}
