import { describe, expect, it } from "vitest";
import { RemoteRequestWindow } from "./remote-request-window.ts";

const never = new AbortController().signal;

/** Adds requests, and records the names of those that may be sent, in order. */
function scene() {
  const window = new RemoteRequestWindow({ count: 2, size: 100 });
  const sent: string[] = [];
  const enter = (name: string, { session = 1, size = 1, signal = never } = {}): Promise<boolean> =>
    window.enter(session, size, signal).then((mayEnter) => {
      sent.push(mayEnter ? name : `not ${name}`);
      return mayEnter;
    });
  const settled = () => new Promise((resolve) => setImmediate(resolve));
  return { window, sent, enter, settled };
}

describe("requests to listeners of other nodes", () => {
  it("are limited for each session, and wait in their order", async () => {
    const { window, sent, enter, settled } = scene();
    for (const name of ["a", "b", "c", "d"]) void enter(name);
    void enter("other", { session: 2 });
    await settled();
    expect(sent).toEqual(["a", "b", "other"]);
    window.leave(1, 1);
    await settled();
    expect(sent).toEqual(["a", "b", "other", "c"]);
  });

  it("are limited by their size, and one that is larger than the limit is sent alone", async () => {
    const { window, sent, enter, settled } = scene();
    void enter("a", { size: 60 });
    void enter("large", { size: 500 });
    void enter("b", { size: 1 });
    await settled();
    expect(sent).toEqual(["a"]);
    window.leave(1, 60);
    await settled();
    expect(sent).toEqual(["a", "large"]);
    window.leave(1, 500);
    await settled();
    expect(sent).toEqual(["a", "large", "b"]);
  });

  it("are not sent in an ended session when an aborted request makes room", async () => {
    const { window, sent, enter, settled } = scene();
    void enter("a", { size: 60 });
    void enter("large", { size: 500 });
    void enter("small", { size: 1 });
    window.end(() => true);
    await settled();
    expect(sent).toEqual(["a", "not large", "not small"]);
  });

  it("do not wait for a session that has ended, or after their attempt was aborted", async () => {
    const { window, sent, enter, settled } = scene();
    const attempt = new AbortController();
    void enter("a");
    void enter("b");
    void enter("c", { signal: attempt.signal });
    void enter("d");
    attempt.abort();
    window.leave(1, 1);
    await settled();
    expect(sent).toEqual(["a", "b", "not c", "d"]);
    void enter("e");
    window.end((session) => session === 1);
    await settled();
    expect(sent).toEqual(["a", "b", "not c", "d", "not e"]);
  });
});
