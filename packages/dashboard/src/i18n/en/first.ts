/** English texts of the frame and the overview, which are in the first load. */
import { frame } from "./frame.ts";
import { home } from "./home.ts";
import { ingest } from "./ingest.ts";
import { messages } from "./messages.ts";
import { applications } from "./applications.ts";
import { palette } from "./palette.ts";

export const first = {
  ...frame,
  ...home,
  ...ingest,
  ...messages,
  ...applications,
  ...palette,
};
