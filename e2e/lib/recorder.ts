/** A `fetch` that records every call and checks every response against the inventory. */
import { type Answered, checkAnswer } from "./contract.ts";

export class Recorder {
  readonly calls: Answered[] = [];
  readonly troubles: string[] = [];

  /** Pass it to an SDK as its `fetch`. */
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

  /** Throws if a response since the last call differed from the inventory. */
  verify(): void {
    const troubles = this.troubles.splice(0);
    if (troubles.length > 0) throw new Error(`Answers that break the contract:\n${troubles.join("\n")}`);
  }
}
