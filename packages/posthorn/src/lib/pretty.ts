/** Formats log entries for a terminal. A module of its own, because servers log JSON and never load it. */
export { default as pretty } from "pino-pretty";
