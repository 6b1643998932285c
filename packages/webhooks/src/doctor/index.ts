/** The signature doctor: finds the mistake that explains why a request does not verify. */
export type { Attempt, Check, Finding, FindingCode } from "./attempt.ts";
export { diagnose, type Diagnosis, type DoctorOptions, type StopReason } from "./diagnose.ts";
export { diagnoseProvider, diagnoseStandard } from "./subjects.ts";
export { parseHttpMessage } from "./http-message.ts";
