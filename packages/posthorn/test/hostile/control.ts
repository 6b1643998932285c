/** A server that does the same little work for each request: its delay is the delay of the machine. It writes to disk as a publish does. */
import { createHash } from "node:crypto";
import { closeSync, fsyncSync, openSync, writeSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import type { AddressInfo } from "node:net";

const file = openSync(join(process.argv[2]!, "control"), "w");
/** About 5 ms of an idle processor. */
function work(): void {
  for (let round = 0; round < 60; round++) createHash("sha256").update(Buffer.alloc(100_000, round)).digest();
}

const server = createServer((_request, response) => {
  work();
  writeSync(file, "x".repeat(4096), 0);
  fsyncSync(file);
  response.writeHead(204).end();
});
server.listen(0, "127.0.0.1", () => {
  process.send!({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, token: "" });
});
process.once("disconnect", () => {
  closeSync(file);
  process.exit(0);
});
