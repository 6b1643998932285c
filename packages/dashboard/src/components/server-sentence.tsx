import type { ServerText } from "../lib/server-text.ts";

/** A sentence from the server in the language of the page, followed by its English details if the translation has none. */
export function ServerSentence({ text, original }: ServerText) {
  return (
    <>
      {text}
      {original !== null && (
        <>
          <br />
          <span className="muted" lang="en">
            {original}
          </span>
        </>
      )}
    </>
  );
}
