/** Row of `rollup_cursor` with the horizon of feeds. A file of its own, so that the writer thread does not load Kysely for it. */
export const FEED_CURSOR = "feed";
