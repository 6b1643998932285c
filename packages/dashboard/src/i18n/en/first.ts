/** English texts of the frame and the overview, which are in the first load. */
import { capture } from "./capture.ts";
import { frame } from "./frame.ts";
import { home } from "./home.ts";
import { ingest } from "./ingest.ts";
import { messages } from "./messages.ts";
import { applications } from "./applications.ts";
import { palette } from "./palette.ts";
import { settings } from "./settings.ts";

export const first = {
  ...capture,
  ...frame,
  ...home,
  ...ingest,
  ...messages,
  ...applications,
  ...palette,
  ...settings,
};
