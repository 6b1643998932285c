import type { Behaviour } from "./behaviour.ts";

const ESCAPES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
const escape = (text: string) => text.replaceAll(/[&<>"]/g, (character) => ESCAPES[character] ?? character);

/** A port that misbehaves before HTTP begins. */
export interface LabPort {
  /** Name of the port. */
  readonly name: string;
  /** URL without a trailing slash. */
  readonly url: string;
  /** Behaviour of the lab. */
  readonly does: string;
  /** Expected behaviour of a sender. */
  readonly expect: string;
}

/** Page that lists everything, without scripts or external requests. */
export function indexPage(behaviours: readonly Behaviour[], ports: readonly LabPort[]): string {
  const row = (cells: readonly string[]) => `<tr>${cells.map((cell) => `<td>${cell}</td>`).join("")}</tr>`;
  const paths = behaviours.map(({ path, group, does, expect }) =>
    row([
      `<a href="${escape(path.replace("*", "200"))}"><code>${escape(path)}</code></a>`,
      escape(group),
      escape(does),
      escape(expect),
    ]),
  );
  const servers = ports.map(({ name, url, does, expect }) =>
    row([`<code>${escape(url)}</code>`, escape(name), escape(does), escape(expect)]),
  );
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Posthorn lab: a receiver that misbehaves on purpose</title>
<style>
  body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; padding: 0 1rem; color-scheme: light dark }
  table { border-collapse: collapse; width: 100% }
  th, td { text-align: left; vertical-align: top; padding: .3rem .6rem; border-bottom: 1px solid #8884 }
  code { white-space: nowrap }
</style>
<h1>Posthorn lab</h1>
<p>A receiver that misbehaves on purpose. Point a webhook sender at one of these URLs and see what it does.
The same list as JSON: <a href="/index.json"><code>/index.json</code></a>.</p>
<h2>By path</h2>
<table><thead><tr><th>Path<th>Group<th>What the lab does<th>What a good sender does</thead><tbody>
${paths.join("\n")}
</tbody></table>
<h2>By port</h2>
<p>All paths work on these ports too. The certificate of the lab's CA is at <a href="/ca.pem"><code>/ca.pem</code></a>.</p>
<table><thead><tr><th>URL<th>Name<th>What the lab does<th>What a good sender does</thead><tbody>
${servers.join("\n")}
</tbody></table>
</html>
`;
}
