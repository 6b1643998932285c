import { Fragment } from "react";
import { shortUrl } from "../lib/short-url.ts";

/** URL, shortened in the middle when it is long. Lines break after a slash. */
export function Url({ url }: { readonly url: string }) {
  return shortUrl(url)
    .split(/(?<=[^/:]\/)/)
    .map((part, place) => (
      <Fragment key={`${place}`}>
        {place > 0 && <wbr />}
        {part}
      </Fragment>
    ));
}
