/**
 * A node in a separate process, whose DNS server never responds. Sends its URL to the parent, responds to each message with the longest
 * turn of its event loop since the last one, and exits when the parent disconnects.
 */
import { startNode } from "../support/posthorn.ts";
import { TurnMeter } from "./turn-meter.ts";

const [folder] = process.argv.slice(2);
const never = (): Promise<never> => new Promise<never>(() => undefined);
const node = await startNode(folder!, {
  egress: { nameService: { query: never, probe: never, system: never, cancel: () => undefined } },
});
const meter = new TurnMeter();
process.send!({ url: node.url, token: node.token });
process.on("message", () => void meter.take().then((longest) => process.send!(longest)));
process.once("disconnect", () => void node[Symbol.asyncDispose]().then(() => process.exit(0)));
