/** A `fetch` that keeps every call and checks every answer against the inventory. */
import { type Answered, checkAnswer } from "./contract.ts";

export class Recorder {
  readonly calls: Answered[] = [];
  readonly troubles: string[] = [];

  /** Give it to an SDK as its `fetch`. */
  readonly fetch: typeof fetch = async (input, init) => {
    const request = new Request(input, init);
    const response = await fetch(request);
    const body = await response.clone().text();
    const { pathname, search } = new URL(request.url);
    const answered: Answered = {
      method: request.method,
      path: `${pathname}${search}`,
      status: response.status,
      contentType: response.headers.get("content-type"),
      body,
    };
    this.calls.push(answered);
    this.troubles.push(...checkAnswer(answered));
    return response;
  };

  /** Throws when an answer since the last call was not as the inventory says. */
  verify(): void {
    const troubles = this.troubles.splice(0);
    if (troubles.length > 0) throw new Error(`Answers that break the contract:\n${troubles.join("\n")}`);
  }
}
