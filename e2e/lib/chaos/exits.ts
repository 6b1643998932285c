/** Identifies the sender of a request: each node uses its own proxy, which knows the ports that it dialled from. */
import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";

export class Exits implements AsyncDisposable {
  readonly #nodeAt = new Map<number, number>();
  readonly #stack = new AsyncDisposableStack();

  /** The node whose connection currently uses this port. */
  nodeAt(port: number): number {
    const node = this.#nodeAt.get(port);
    if (node === undefined) throw new Error(`No node sends from port ${port}.`);
    return node;
  }

  /** Opens a proxy for a node. Its URL is for `POSTHORN_EGRESS_PROXY`. */
  async open(node: number): Promise<string> {
    const sockets = new Set<Socket>();
    const server = createServer().on("connect", (request, inner: Socket) => {
      const { hostname, port } = new URL(`http://${request.url}`);
      const outer = connect(Number(port), hostname, () => {
        this.#nodeAt.set(outer.localPort!, node);
        inner.write("HTTP/1.1 200 OK\r\n\r\n");
        inner.pipe(outer).pipe(inner);
      });
      for (const [one, other] of [
        [inner, outer],
        [outer, inner],
      ] as const) {
        sockets.add(one);
        one.on("error", () => other.destroy());
        one.once("close", () => {
          sockets.delete(one);
          other.destroy();
        });
      }
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    this.#stack.defer(async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    });
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync();
  }
}
