/** Requests that no HTTP client would send, byte for byte. */
import { connect } from "node:net";

/** Writes the text to the server at `url` and reads until it closes the connection. */
export async function rawRequest(url: string, text: string): Promise<string> {
  const [received = ""] = await rawRequests(url, [text]);
  return received;
}

/**
 * Writes the texts to the server at `url`, each after the response to the one before it, and reads until it closes the connection. Returns what
 * followed each text.
 */
export function rawRequests(url: string, texts: readonly string[]): Promise<readonly string[]> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const received: string[] = [];
    const next = (): void => {
      socket.write(texts[received.length]!);
      received.push("");
    };
    const socket = connect(Number(port), hostname, next);
    socket.setEncoding("latin1");
    socket.on("data", (chunk) => {
      const all = `${received.pop()}${String(chunk)}`;
      received.push(all);
      if (received.length < texts.length && hasResponse(texts[received.length - 1]!, all)) next();
    });
    socket.on("error", reject);
    socket.on("close", () => resolve(received));
  });
}

/** Whether a whole response has arrived. Each must have a length, or no body. */
function hasResponse(request: string, received: string): boolean {
  const final = received.replace(/^(?:HTTP\/1\.1 1\d\d .*?\r\n\r\n)+/s, "");
  const end = final.indexOf("\r\n\r\n");
  if (end === -1) return false;
  const length = /^content-length: (\d+)\r$/im.exec(final.slice(0, end + 2))?.[1] ?? "0";
  return request.startsWith("HEAD ") || final.length >= end + 4 + Number(length);
}
