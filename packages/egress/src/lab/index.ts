export type { Behaviour, LabRequest } from "./behaviour.ts";
export type { LabCertificate, LabCertificates } from "./certificates.ts";
export { BEHAVIOURS, startLab } from "./lab.ts";
export type { Lab, LabOptions, LabPortName } from "./lab.ts";
export type { LabPort } from "./page.ts";
