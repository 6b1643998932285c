import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";

/** A proxy that speaks CONNECT and records its requests, with the credentials. */
export async function startProxy(): Promise<{ url: string; asked: string[] } & AsyncDisposable> {
  const asked: string[] = [];
  const server = createServer().on("connect", (request, socket) => {
    asked.push(`${request.headers["proxy-authorization"] ?? ""} ${request.url}`);
    const [host = "", port = ""] = (request.url ?? "").split(":");
    const target = connect(Number(port), host, () => socket.write("HTTP/1.1 200 OK\r\n\r\n"));
    target.on("error", () => socket.destroy());
    socket.on("error", () => target.destroy());
    socket.pipe(target).pipe(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://me:pass@127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
