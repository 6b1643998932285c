/** A `fetch` that records every call and checks every response against the inventory. */
import { type RecordedResponse, checkResponse } from "./contract.ts";

export class Recorder {
  readonly calls: RecordedResponse[] = [];
  readonly problems: string[] = [];

  /** Pass it to an SDK as its `fetch`. */
  readonly fetch: typeof fetch = async (input, init) => {
    const request = new Request(input, init);
    const response = await fetch(request);
    const body = await response.clone().text();
    const { pathname, search } = new URL(request.url);
    const answered: RecordedResponse = {
      method: request.method,
      path: `${pathname}${search}`,
      status: response.status,
      contentType: response.headers.get("content-type"),
      body,
    };
    this.calls.push(answered);
    this.problems.push(...checkResponse(answered));
    return response;
  };

  /** Throws if a response since the last call differed from the inventory. */
  verify(): void {
    const problems = this.problems.splice(0);
    if (problems.length > 0) throw new Error(`Responses that break the contract:\n${problems.join("\n")}`);
  }
}
