/** Formats log entries for a terminal. A separate module, because servers log JSON and never load it. */
export { default as pretty } from "pino-pretty";
