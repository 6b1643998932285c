/** A node in its own process, whose DNS server never responds. Sends its URL to the parent, and exits when the parent disconnects. */
import { startNode } from "../support/posthorn.ts";

const [folder] = process.argv.slice(2);
const never = (): Promise<never> => new Promise<never>(() => undefined);
const node = await startNode(folder!, {
  egress: { nameService: { query: never, probe: never, system: never, cancel: () => undefined } },
});
process.send!({ url: node.url, token: node.token });
process.once("disconnect", () => void node[Symbol.asyncDispose]().then(() => process.exit(0)));
