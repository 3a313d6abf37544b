// Field numbers of `inference` (the V2 protocol over gRPC), as far as we look into its messages. Requests and responses share
// the numbers of all fields that a chain carries over but the one of the raw contents.

export const INFER = { modelName: 1, modelVersion: 2, id: 3, parameters: 4 } as const;
export const REQUEST = { inputs: 5, outputs: 6, raw: 7 } as const;
export const RESPONSE = { outputs: 5, raw: 6 } as const;
/** InferInputTensor and InferOutputTensor. */
export const TENSOR = { name: 1, datatype: 2, shape: 3, parameters: 4, contents: 5 } as const;
/** InferParameter: a oneof. */
export const PARAMETER = { bool: 1, int64: 2, string: 3, double: 4, uint64: 5 } as const;
/** An entry of any map. */
export const ENTRY = { key: 1, value: 2 } as const;
/** InferTensorContents. */
export const CONTENTS = {
  bool: 1,
  int: 2,
  int64: 3,
  uint: 4,
  uint64: 5,
  fp32: 6,
  fp64: 7,
  bytes: 8,
} as const;
/** The request's name and the response's word. */
export const MODEL_READY = { name: 1, ready: 1 } as const;
export const SERVER_READY = { ready: 1 } as const;
export const SERVER_METADATA = { name: 1, version: 2 } as const;
/** Of request and response. */
export const MODEL_METADATA = { name: 1, platform: 3 } as const;
